"""The first tables: accounts, organizations, members, certifications, files, outbox, audit trail.

Revision: 0001, the first
"""

import sqlalchemy as sa
from alembic import op

from migrations.guards import guard_audit, guard_members, unguard_audit, unguard_members
from records.models.base import Instant

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "account",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("email", sa.String(length=255), nullable=False),
        sa.Column("folded_email", sa.String(length=255), nullable=False),
        sa.Column("password_hash", sa.String(length=255), nullable=True),
        sa.Column("created_at", Instant(timezone=True), nullable=False),
        sa.Column("password_changed_at", Instant(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account")),
        sa.UniqueConstraint("folded_email", name=op.f("uq_account_folded_email")),
    )
    op.create_table(
        "organization",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("folded_name", sa.String(length=255), nullable=False),
        sa.Column("time_zone", sa.String(length=64), nullable=False),
        sa.Column("largest_file", sa.BigInteger(), nullable=False),
        sa.Column("retention_days", sa.Integer(), nullable=False),
        sa.Column("tracks_certifications", sa.Boolean(), nullable=False),
        sa.Column("created_at", Instant(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("largest_file > 0", name=op.f("ck_organization_largest_file_is_positive")),
        sa.CheckConstraint("retention_days >= 1", name=op.f("ck_organization_retention_is_positive")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_organization")),
        sa.UniqueConstraint("folded_name", name=op.f("uq_organization_folded_name")),
    )
    op.create_table(
        "throttle_count",
        sa.Column("key", sa.String(length=120), nullable=False),
        sa.Column("began_at", Instant(timezone=True), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("key", "began_at", name=op.f("pk_throttle_count")),
    )
    op.create_table(
        "audit_event",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("organization_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("at", Instant(timezone=True), nullable=False),
        sa.Column("kind", sa.String(length=60), nullable=False),
        sa.Column("actor_kind", sa.String(length=10), nullable=False),
        sa.Column("actor_member_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("administrator_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("account_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("subject_kind", sa.String(length=40), nullable=False),
        sa.Column("subject_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("member_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("request_id", sa.String(length=40), nullable=False),
        sa.Column("once_key", sa.String(length=120), nullable=True),
        sa.Column("detail_digest", sa.String(length=64), nullable=False),
        sa.Column("sequence", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("previous_hash", sa.String(length=64), nullable=True),
        sa.Column("hash", sa.String(length=64), nullable=True),
        sa.Column("sealed_at", Instant(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["organization_id"], ["organization.id"], name=op.f("fk_audit_event_organization_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_event")),
        sa.UniqueConstraint("once_key", name=op.f("uq_audit_event_once_key")),
        sa.UniqueConstraint("organization_id", "sequence", name=op.f("uq_audit_event_organization_id_sequence")),
    )
    with op.batch_alter_table("audit_event", schema=None) as batch_op:
        batch_op.create_index("ix_audit_event_at", ["organization_id", "at", "id"], unique=False)
        batch_op.create_index("ix_audit_event_member_id", ["organization_id", "member_id", "id"], unique=False)
        batch_op.create_index(
            "ix_audit_event_subject", ["organization_id", "subject_kind", "subject_id", "id"], unique=False
        )

    op.create_table(
        "certification_type",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column(
            "folded_name",
            sa.String(length=255).with_variant(sa.String(length=255, collation="C"), "postgresql"),
            nullable=False,
        ),
        sa.Column("description", sa.Text(), server_default="", nullable=False),
        sa.Column("issuer", sa.String(length=255), nullable=False),
        sa.Column("usual_term", sa.Integer(), nullable=True),
        sa.Column("reminder_stages", sa.JSON(), nullable=False),
        sa.Column("notice_days", sa.Integer(), nullable=False),
        sa.Column("grace_days", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("retired_at", Instant(timezone=True), nullable=True),
        sa.Column("created_at", Instant(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("organization_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.CheckConstraint("grace_days BETWEEN 0 AND 3650", name=op.f("ck_certification_type_grace_is_not_negative")),
        sa.CheckConstraint("notice_days BETWEEN 0 AND 3650", name=op.f("ck_certification_type_notice_is_not_negative")),
        sa.CheckConstraint(
            "usual_term IS NULL OR usual_term BETWEEN 1 AND 1200",
            name=op.f("ck_certification_type_usual_term_in_months"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name=op.f("fk_certification_type_organization_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_certification_type")),
        sa.UniqueConstraint(
            "organization_id", "folded_name", name=op.f("uq_certification_type_organization_id_folded_name")
        ),
        sa.UniqueConstraint("organization_id", "id", name=op.f("uq_certification_type_organization_id_id")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("certification_type", schema=None) as batch_op:
        batch_op.create_index(
            "ix_certification_type_position", ["organization_id", "position", "folded_name"], unique=False
        )

    op.create_table(
        "column_mapping",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("header_digest", sa.String(length=64), nullable=False),
        sa.Column("mapping", sa.JSON(), nullable=False),
        sa.Column("kept_at", Instant(timezone=True), nullable=False),
        sa.Column("organization_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name=op.f("fk_column_mapping_organization_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_column_mapping")),
        sa.UniqueConstraint(
            "organization_id", "header_digest", name=op.f("uq_column_mapping_organization_id_header_digest")
        ),
        sa.UniqueConstraint("organization_id", "id", name=op.f("uq_column_mapping_organization_id_id")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "known_browser",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("token_digest", sa.String(length=64), nullable=False),
        sa.Column("account_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("last_used_at", Instant(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_known_browser_account_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_known_browser")),
        sa.UniqueConstraint("token_digest", name=op.f("uq_known_browser_token_digest")),
    )
    with op.batch_alter_table("known_browser", schema=None) as batch_op:
        batch_op.create_index("ix_known_browser_account_id", ["account_id"], unique=False)

    op.create_table(
        "message",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("organization_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("to_address", sa.String(length=254), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("created_at", Instant(timezone=True), nullable=False),
        sa.Column("due_at", Instant(timezone=True), nullable=False),
        sa.Column("claimed_until", Instant(timezone=True), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("sent_at", Instant(timezone=True), nullable=True),
        sa.Column("failed_at", Instant(timezone=True), nullable=True),
        sa.Column("last_error", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "kind IN ('invitation', 'password_reset', 'password_changed', 'old_email_confirmation', 'new_email_confirmation', 'email_changed')",
            name=op.f("ck_message_kind_is_known"),
        ),
        sa.ForeignKeyConstraint(["organization_id"], ["organization.id"], name=op.f("fk_message_organization_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_message")),
    )
    with op.batch_alter_table("message", schema=None) as batch_op:
        batch_op.create_index(
            "ix_message_waiting",
            ["due_at", "id"],
            unique=False,
            sqlite_where=sa.text("sent_at IS NULL AND failed_at IS NULL"),
            postgresql_where=sa.text("sent_at IS NULL AND failed_at IS NULL"),
        )

    op.create_table(
        "stored_file",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("key", sa.String(length=160), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(length=100), nullable=False),
        sa.Column("preview", sa.String(length=10), nullable=False),
        sa.Column("preview_attempts", sa.Integer(), nullable=False),
        sa.Column("preview_claimed_until", Instant(timezone=True), nullable=True),
        sa.Column("created_at", Instant(timezone=True), nullable=False),
        sa.Column("wanted_at", Instant(timezone=True), nullable=False),
        sa.Column("organization_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.CheckConstraint(
            "preview IN ('waiting', 'ready', 'failed', 'none')", name=op.f("ck_stored_file_preview_is_known")
        ),
        sa.CheckConstraint("length(sha256) = 64", name=op.f("ck_stored_file_sha256_is_hexadecimal")),
        sa.CheckConstraint("size > 0", name=op.f("ck_stored_file_size_is_positive")),
        sa.ForeignKeyConstraint(["organization_id"], ["organization.id"], name=op.f("fk_stored_file_organization_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stored_file")),
        sa.UniqueConstraint("key", name=op.f("uq_stored_file_key")),
        sa.UniqueConstraint("organization_id", "id", name=op.f("uq_stored_file_organization_id_id")),
        sa.UniqueConstraint("organization_id", "sha256", name=op.f("uq_stored_file_organization_id_sha256")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("stored_file", schema=None) as batch_op:
        batch_op.create_index(
            "ix_stored_file_preview_waiting",
            ["id"],
            unique=False,
            sqlite_where=sa.text("preview = 'waiting'"),
            postgresql_where=sa.text("preview = 'waiting'"),
        )
        batch_op.create_index("ix_stored_file_wanted_at", ["wanted_at"], unique=False)

    op.create_table(
        "unit",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("parent_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column(
            "folded_name",
            sa.String(length=255).with_variant(sa.String(length=255, collation="C"), "postgresql"),
            nullable=False,
        ),
        sa.Column("organization_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.CheckConstraint("parent_id <> id", name=op.f("ck_unit_not_its_own_parent")),
        sa.ForeignKeyConstraint(
            ["organization_id", "parent_id"],
            ["unit.organization_id", "unit.id"],
            name=op.f("fk_unit_organization_id_parent_id"),
        ),
        sa.ForeignKeyConstraint(["organization_id"], ["organization.id"], name=op.f("fk_unit_organization_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_unit")),
        sa.UniqueConstraint("organization_id", "id", name=op.f("uq_unit_organization_id_id")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("unit", schema=None) as batch_op:
        batch_op.create_index(
            "uq_unit_folded_name_at_top",
            ["organization_id", "folded_name"],
            unique=True,
            sqlite_where=sa.text("parent_id IS NULL"),
            postgresql_where=sa.text("parent_id IS NULL"),
        )
        batch_op.create_index(
            "uq_unit_folded_name_under_parent",
            ["organization_id", "parent_id", "folded_name"],
            unique=True,
            sqlite_where=sa.text("parent_id IS NOT NULL"),
            postgresql_where=sa.text("parent_id IS NOT NULL"),
        )

    op.create_table(
        "audit_detail",
        sa.Column(
            "event_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column("salt", sa.String(length=32), nullable=False),
        sa.Column("actor_name", sa.String(length=300), nullable=False),
        sa.Column("administrator_name", sa.String(length=300), nullable=False),
        sa.Column("address", sa.String(length=64), nullable=False),
        sa.Column("before", sa.JSON(), nullable=False),
        sa.Column("after", sa.JSON(), nullable=False),
        sa.Column("erased_at", Instant(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["event_id"], ["audit_event.id"], name=op.f("fk_audit_detail_event_id")),
        sa.PrimaryKeyConstraint("event_id", name=op.f("pk_audit_detail")),
    )
    op.create_table(
        "logo",
        sa.Column("organization_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("stored_file_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id", "stored_file_id"],
            ["stored_file.organization_id", "stored_file.id"],
            name=op.f("fk_logo_organization_id_stored_file_id"),
        ),
        sa.ForeignKeyConstraint(["organization_id"], ["organization.id"], name=op.f("fk_logo_organization_id")),
        sa.PrimaryKeyConstraint("organization_id", name=op.f("pk_logo")),
    )
    op.create_table(
        "member",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("account_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("unit_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("number", sa.String(length=64), nullable=True),
        sa.Column("given_name", sa.String(length=120), nullable=False),
        sa.Column("family_name", sa.String(length=120), nullable=False),
        sa.Column("suffix", sa.String(length=20), nullable=False),
        sa.Column("email", sa.String(length=255), nullable=True),
        sa.Column("role", sa.String(length=24), nullable=False),
        sa.Column("covers_organization", sa.Boolean(), nullable=False),
        sa.Column("joined_on", sa.Date(), nullable=True),
        sa.Column("created_at", Instant(timezone=True), nullable=False),
        sa.Column("invited_at", Instant(timezone=True), nullable=True),
        sa.Column("last_seen_at", Instant(timezone=True), nullable=True),
        sa.Column("deactivated_at", Instant(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column(
            "folded_number",
            sa.String(length=64).with_variant(sa.String(length=64, collation="C"), "postgresql"),
            nullable=True,
        ),
        sa.Column("folded_email", sa.String(length=255), nullable=True),
        sa.Column(
            "sort_name",
            sa.String(length=300).with_variant(sa.String(length=300, collation="C"), "postgresql"),
            nullable=False,
        ),
        sa.Column("search_text", sa.Text(), nullable=False),
        sa.Column("organization_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.CheckConstraint(
            "covers_organization = false OR role = 'training_coordinator'",
            name=op.f("ck_member_only_coordinators_cover"),
        ),
        sa.CheckConstraint(
            "role IN ('member', 'training_coordinator', 'administrator')", name=op.f("ck_member_role_is_known")
        ),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_member_account_id")),
        sa.ForeignKeyConstraint(
            ["organization_id", "unit_id"],
            ["unit.organization_id", "unit.id"],
            name=op.f("fk_member_organization_id_unit_id"),
        ),
        sa.ForeignKeyConstraint(["organization_id"], ["organization.id"], name=op.f("fk_member_organization_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_member")),
        sa.UniqueConstraint("organization_id", "account_id", name=op.f("uq_member_organization_id_account_id")),
        sa.UniqueConstraint("organization_id", "folded_email", name=op.f("uq_member_organization_id_folded_email")),
        sa.UniqueConstraint("organization_id", "folded_number", name=op.f("uq_member_organization_id_folded_number")),
        sa.UniqueConstraint("organization_id", "id", name=op.f("uq_member_organization_id_id")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("member", schema=None) as batch_op:
        batch_op.create_index("ix_member_account_id", ["account_id"], unique=False)
        batch_op.create_index("ix_member_folded_number_sort", ["organization_id", "folded_number", "id"], unique=False)
        batch_op.create_index("ix_member_joined_on", ["organization_id", "joined_on", "id"], unique=False)
        batch_op.create_index("ix_member_last_seen_at", ["organization_id", "last_seen_at", "id"], unique=False)
        batch_op.create_index("ix_member_role_sort_name", ["organization_id", "role", "sort_name", "id"], unique=False)
        batch_op.create_index("ix_member_sort_name", ["organization_id", "sort_name", "id"], unique=False)
        batch_op.create_index(
            "ix_member_sort_name_active",
            ["organization_id", "sort_name", "id"],
            unique=False,
            sqlite_where=sa.text("deactivated_at IS NULL"),
            postgresql_where=sa.text("deactivated_at IS NULL"),
        )
        batch_op.create_index(
            "ix_member_unit_id_sort_name", ["organization_id", "unit_id", "sort_name", "id"], unique=False
        )

    op.create_table(
        "register_import",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("stored_file_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("file_name", sa.String(length=255), nullable=False),
        sa.Column("reading", sa.JSON(), nullable=False),
        sa.Column("survey", sa.JSON(), nullable=False),
        sa.Column("mapping", sa.JSON(), nullable=False),
        sa.Column("counts", sa.JSON(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("made", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("started_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("started_by_name", sa.String(length=300), nullable=False),
        sa.Column("created_at", Instant(timezone=True), nullable=False),
        sa.Column("applied_at", Instant(timezone=True), nullable=True),
        sa.Column("undone_at", Instant(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("organization_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.CheckConstraint(
            "state IN ('mapping', 'checked', 'applied', 'undone')", name=op.f("ck_register_import_state_is_known")
        ),
        sa.CheckConstraint(
            "(applied_at IS NOT NULL) = (state IN ('applied', 'undone'))",
            name=op.f("ck_register_import_applied_at_a_time"),
        ),
        sa.CheckConstraint(
            "(undone_at IS NOT NULL) = (state = 'undone')", name=op.f("ck_register_import_undone_at_a_time")
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "stored_file_id"],
            ["stored_file.organization_id", "stored_file.id"],
            name=op.f("fk_register_import_organization_id_stored_file_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "started_by_id"],
            ["member.organization_id", "member.id"],
            name=op.f("fk_register_import_organization_id_started_by_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name=op.f("fk_register_import_organization_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_register_import")),
        sa.UniqueConstraint("organization_id", "id", name=op.f("uq_register_import_organization_id_id")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("register_import", schema=None) as batch_op:
        batch_op.create_index("ix_register_import_stored_file_id", ["organization_id", "stored_file_id"], unique=False)

    op.create_table(
        "certification",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("member_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("type_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("number", sa.String(length=255), nullable=False),
        sa.Column("folded_number", sa.String(length=255), nullable=False),
        sa.Column("issued_on", sa.Date(), nullable=True),
        sa.Column("expires_on", sa.Date(), nullable=False),
        sa.Column("recorded_on", sa.Date(), nullable=False),
        sa.Column("supersedes_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("suspended_on", sa.Date(), nullable=True),
        sa.Column("suspended_reason", sa.Text(), nullable=False),
        sa.Column("revoked_on", sa.Date(), nullable=True),
        sa.Column("revoked_reason", sa.Text(), nullable=False),
        sa.Column("import_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("created_at", Instant(timezone=True), nullable=False),
        sa.Column("deleted_at", Instant(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("organization_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.CheckConstraint(
            "(revoked_on IS NULL) = (revoked_reason = '')", name=op.f("ck_certification_revoked_with_a_reason")
        ),
        sa.CheckConstraint(
            "(suspended_on IS NULL) = (suspended_reason = '')", name=op.f("ck_certification_suspended_with_a_reason")
        ),
        sa.CheckConstraint(
            "issued_on IS NULL OR issued_on <= expires_on", name=op.f("ck_certification_issued_before_it_expires")
        ),
        sa.CheckConstraint("supersedes_id <> id", name=op.f("ck_certification_does_not_supersede_itself")),
        sa.ForeignKeyConstraint(
            ["organization_id", "import_id"],
            ["register_import.organization_id", "register_import.id"],
            name=op.f("fk_certification_organization_id_import_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "member_id"],
            ["member.organization_id", "member.id"],
            name=op.f("fk_certification_organization_id_member_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "supersedes_id"],
            ["certification.organization_id", "certification.id"],
            name=op.f("fk_certification_organization_id_supersedes_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "type_id"],
            ["certification_type.organization_id", "certification_type.id"],
            name=op.f("fk_certification_organization_id_type_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name=op.f("fk_certification_organization_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_certification")),
        sa.UniqueConstraint("organization_id", "id", name=op.f("uq_certification_organization_id_id")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("certification", schema=None) as batch_op:
        batch_op.create_index(
            "ix_certification_expires_on",
            ["organization_id", "expires_on", "id"],
            unique=False,
            sqlite_where=sa.text("deleted_at IS NULL"),
            postgresql_where=sa.text("deleted_at IS NULL"),
        )
        batch_op.create_index("ix_certification_folded_number", ["organization_id", "folded_number"], unique=False)
        batch_op.create_index("ix_certification_import_id", ["organization_id", "import_id"], unique=False)
        batch_op.create_index("ix_certification_member_id", ["organization_id", "member_id"], unique=False)
        batch_op.create_index("ix_certification_supersedes_id", ["organization_id", "supersedes_id"], unique=False)
        batch_op.create_index(
            "ix_certification_suspended_on",
            ["organization_id", "suspended_on"],
            unique=False,
            sqlite_where=sa.text("suspended_on IS NOT NULL"),
            postgresql_where=sa.text("suspended_on IS NOT NULL"),
        )
        batch_op.create_index(
            "ix_certification_revoked_on",
            ["organization_id", "revoked_on"],
            unique=False,
            sqlite_where=sa.text("revoked_on IS NOT NULL"),
            postgresql_where=sa.text("revoked_on IS NOT NULL"),
        )
        batch_op.create_index("ix_certification_type_id", ["organization_id", "type_id", "expires_on"], unique=False)
        batch_op.create_index(
            "uq_certification_held_once",
            ["organization_id", "member_id", "type_id", "number", "expires_on"],
            unique=True,
            sqlite_where=sa.text("deleted_at IS NULL"),
            postgresql_where=sa.text("deleted_at IS NULL"),
        )
        batch_op.create_index(
            "uq_certification_renewed_once",
            ["organization_id", "supersedes_id"],
            unique=True,
            sqlite_where=sa.text("deleted_at IS NULL AND supersedes_id IS NOT NULL"),
            postgresql_where=sa.text("deleted_at IS NULL AND supersedes_id IS NOT NULL"),
        )

    op.create_table(
        "import_row",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("import_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("cells", sa.JSON(), nullable=False),
        sa.Column("name", sa.String(length=300), nullable=False),
        sa.Column("outcome", sa.String(length=20), nullable=False),
        sa.Column("problem", sa.Text(), server_default="", nullable=False),
        sa.Column("problem_params", sa.JSON(), nullable=False),
        sa.Column("problem_column", sa.String(length=255), nullable=False),
        sa.Column("candidates", sa.JSON(), nullable=False),
        sa.Column("answer", sa.String(length=40), nullable=False),
        sa.Column("member_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("certification_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("created", sa.JSON(), nullable=False),
        sa.Column("before", sa.JSON(), nullable=False),
        sa.Column("versions", sa.JSON(), nullable=False),
        sa.Column("kept", sa.Text(), server_default="", nullable=False),
        sa.Column("organization_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.CheckConstraint(
            "outcome IN ('new member', 'new certification', 'renewal', 'changed', 'unchanged', 'left out', 'ask', 'error')",
            name=op.f("ck_import_row_outcome_is_known"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "import_id"],
            ["register_import.organization_id", "register_import.id"],
            name=op.f("fk_import_row_organization_id_import_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "member_id"],
            ["member.organization_id", "member.id"],
            name=op.f("fk_import_row_organization_id_member_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "certification_id"],
            ["certification.organization_id", "certification.id"],
            name=op.f("fk_import_row_organization_id_certification_id"),
        ),
        sa.ForeignKeyConstraint(["organization_id"], ["organization.id"], name=op.f("fk_import_row_organization_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_row")),
        sa.UniqueConstraint("organization_id", "id", name=op.f("uq_import_row_organization_id_id")),
        sa.UniqueConstraint(
            "organization_id", "import_id", "line", name=op.f("uq_import_row_organization_id_import_id_line")
        ),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("import_row", schema=None) as batch_op:
        batch_op.create_index("ix_import_row_member_id", ["organization_id", "member_id"], unique=False)
        batch_op.create_index("ix_import_row_certification_id", ["organization_id", "certification_id"], unique=False)
        batch_op.create_index(
            "ix_import_row_outcome", ["organization_id", "import_id", "outcome", "line"], unique=False
        )
        batch_op.create_index(
            "ix_import_row_kept",
            ["organization_id", "import_id", "line"],
            unique=False,
            sqlite_where=sa.text("kept <> ''"),
            postgresql_where=sa.text("kept <> ''"),
        )

    op.create_table(
        "scope_unit",
        sa.Column("member_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("unit_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("organization_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id", "member_id"],
            ["member.organization_id", "member.id"],
            name=op.f("fk_scope_unit_organization_id_member_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "unit_id"],
            ["unit.organization_id", "unit.id"],
            name=op.f("fk_scope_unit_organization_id_unit_id"),
        ),
        sa.ForeignKeyConstraint(["organization_id"], ["organization.id"], name=op.f("fk_scope_unit_organization_id")),
        sa.PrimaryKeyConstraint("member_id", "unit_id", name=op.f("pk_scope_unit")),
    )
    op.create_table(
        "sign_in",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("token_digest", sa.String(length=64), nullable=False),
        sa.Column("account_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("member_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("created_at", Instant(timezone=True), nullable=False),
        sa.Column("last_seen_at", Instant(timezone=True), nullable=False),
        sa.Column("expires_at", Instant(timezone=True), nullable=False),
        sa.Column("ended_at", Instant(timezone=True), nullable=True),
        sa.Column("address", sa.String(length=64), nullable=False),
        sa.Column("browser", sa.String(length=255), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_sign_in_account_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["member_id"], ["member.id"], name=op.f("fk_sign_in_member_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_in")),
        sa.UniqueConstraint("token_digest", name=op.f("uq_sign_in_token_digest")),
    )
    with op.batch_alter_table("sign_in", schema=None) as batch_op:
        batch_op.create_index("ix_sign_in_account_id", ["account_id"], unique=False)
        batch_op.create_index("ix_sign_in_member_id", ["member_id"], unique=False)

    op.create_table(
        "single_use_link",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("token_digest", sa.String(length=64), nullable=False),
        sa.Column("purpose", sa.String(length=20), nullable=False),
        sa.Column("account_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("member_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("new_email", sa.String(length=255), nullable=True),
        sa.Column("created_at", Instant(timezone=True), nullable=False),
        sa.Column("expires_at", Instant(timezone=True), nullable=False),
        sa.Column("used_at", Instant(timezone=True), nullable=True),
        sa.CheckConstraint(
            "purpose IN ('invitation', 'password_reset', 'old_email', 'new_email')",
            name=op.f("ck_single_use_link_purpose_is_known"),
        ),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_single_use_link_account_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["member_id"], ["member.id"], name=op.f("fk_single_use_link_member_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_single_use_link")),
        sa.UniqueConstraint("token_digest", name=op.f("uq_single_use_link_token_digest")),
    )
    with op.batch_alter_table("single_use_link", schema=None) as batch_op:
        batch_op.create_index("ix_single_use_link_account_id", ["account_id"], unique=False)
        batch_op.create_index("ix_single_use_link_member_id", ["member_id"], unique=False)

    op.create_table(
        "upload",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("member_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("started_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("created_at", Instant(timezone=True), nullable=False),
        sa.Column("organization_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id", "member_id"],
            ["member.organization_id", "member.id"],
            name=op.f("fk_upload_organization_id_member_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "started_by_id"],
            ["member.organization_id", "member.id"],
            name=op.f("fk_upload_organization_id_started_by_id"),
        ),
        sa.ForeignKeyConstraint(["organization_id"], ["organization.id"], name=op.f("fk_upload_organization_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_upload")),
        sa.UniqueConstraint("organization_id", "id", name=op.f("uq_upload_organization_id_id")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("upload", schema=None) as batch_op:
        batch_op.create_index("ix_upload_created_at", ["created_at"], unique=False)

    op.create_table(
        "scan",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("certification_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("stored_file_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("rotation", sa.Integer(), nullable=False),
        sa.Column("created_at", Instant(timezone=True), nullable=False),
        sa.Column("deleted_at", Instant(timezone=True), nullable=True),
        sa.Column("organization_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.CheckConstraint("rotation IN (0, 90, 180, 270)", name=op.f("ck_scan_rotation_is_a_quarter_turn")),
        sa.ForeignKeyConstraint(
            ["organization_id", "certification_id"],
            ["certification.organization_id", "certification.id"],
            name=op.f("fk_scan_organization_id_certification_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "stored_file_id"],
            ["stored_file.organization_id", "stored_file.id"],
            name=op.f("fk_scan_organization_id_stored_file_id"),
        ),
        sa.ForeignKeyConstraint(["organization_id"], ["organization.id"], name=op.f("fk_scan_organization_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_scan")),
        sa.UniqueConstraint("organization_id", "id", name=op.f("uq_scan_organization_id_id")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("scan", schema=None) as batch_op:
        batch_op.create_index("ix_scan_certification_id", ["organization_id", "certification_id"], unique=False)
        batch_op.create_index("ix_scan_stored_file_id", ["organization_id", "stored_file_id"], unique=False)
        batch_op.create_index(
            "uq_scan_attached_once",
            ["organization_id", "certification_id", "stored_file_id"],
            unique=True,
            sqlite_where=sa.text("deleted_at IS NULL"),
            postgresql_where=sa.text("deleted_at IS NULL"),
        )

    op.create_table(
        "uploaded_file",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("upload_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("stored_file_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("submitted_at", Instant(timezone=True), nullable=True),
        sa.Column("certification_ids", sa.JSON(), nullable=False),
        sa.Column("organization_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id", "stored_file_id"],
            ["stored_file.organization_id", "stored_file.id"],
            name=op.f("fk_uploaded_file_organization_id_stored_file_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "upload_id"],
            ["upload.organization_id", "upload.id"],
            name=op.f("fk_uploaded_file_organization_id_upload_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name=op.f("fk_uploaded_file_organization_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_uploaded_file")),
        sa.UniqueConstraint("organization_id", "id", name=op.f("uq_uploaded_file_organization_id_id")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("uploaded_file", schema=None) as batch_op:
        batch_op.create_index("ix_uploaded_file_stored_file_id", ["organization_id", "stored_file_id"], unique=False)
        batch_op.create_index("ix_uploaded_file_upload_id", ["organization_id", "upload_id"], unique=False)
    guard_members()
    guard_audit()


def downgrade() -> None:
    unguard_audit()
    unguard_members()
    with op.batch_alter_table("uploaded_file", schema=None) as batch_op:
        batch_op.drop_index("ix_uploaded_file_upload_id")
        batch_op.drop_index("ix_uploaded_file_stored_file_id")

    op.drop_table("uploaded_file")
    with op.batch_alter_table("scan", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_scan_attached_once",
            sqlite_where=sa.text("deleted_at IS NULL"),
            postgresql_where=sa.text("deleted_at IS NULL"),
        )
        batch_op.drop_index("ix_scan_stored_file_id")
        batch_op.drop_index("ix_scan_certification_id")

    op.drop_table("scan")
    with op.batch_alter_table("upload", schema=None) as batch_op:
        batch_op.drop_index("ix_upload_created_at")

    op.drop_table("upload")
    with op.batch_alter_table("single_use_link", schema=None) as batch_op:
        batch_op.drop_index("ix_single_use_link_member_id")
        batch_op.drop_index("ix_single_use_link_account_id")

    op.drop_table("single_use_link")
    with op.batch_alter_table("sign_in", schema=None) as batch_op:
        batch_op.drop_index("ix_sign_in_member_id")
        batch_op.drop_index("ix_sign_in_account_id")

    op.drop_table("sign_in")
    op.drop_table("scope_unit")
    with op.batch_alter_table("import_row", schema=None) as batch_op:
        batch_op.drop_index("ix_import_row_member_id")
        batch_op.drop_index("ix_import_row_certification_id")
        batch_op.drop_index("ix_import_row_outcome")
        batch_op.drop_index("ix_import_row_kept")

    op.drop_table("import_row")
    with op.batch_alter_table("certification", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_certification_renewed_once",
            sqlite_where=sa.text("deleted_at IS NULL AND supersedes_id IS NOT NULL"),
            postgresql_where=sa.text("deleted_at IS NULL AND supersedes_id IS NOT NULL"),
        )
        batch_op.drop_index(
            "uq_certification_held_once",
            sqlite_where=sa.text("deleted_at IS NULL"),
            postgresql_where=sa.text("deleted_at IS NULL"),
        )
        batch_op.drop_index("ix_certification_type_id")
        batch_op.drop_index(
            "ix_certification_revoked_on",
            sqlite_where=sa.text("revoked_on IS NOT NULL"),
            postgresql_where=sa.text("revoked_on IS NOT NULL"),
        )
        batch_op.drop_index(
            "ix_certification_suspended_on",
            sqlite_where=sa.text("suspended_on IS NOT NULL"),
            postgresql_where=sa.text("suspended_on IS NOT NULL"),
        )
        batch_op.drop_index("ix_certification_supersedes_id")
        batch_op.drop_index("ix_certification_member_id")
        batch_op.drop_index("ix_certification_import_id")
        batch_op.drop_index("ix_certification_folded_number")
        batch_op.drop_index(
            "ix_certification_expires_on",
            sqlite_where=sa.text("deleted_at IS NULL"),
            postgresql_where=sa.text("deleted_at IS NULL"),
        )

    op.drop_table("certification")
    with op.batch_alter_table("register_import", schema=None) as batch_op:
        batch_op.drop_index("ix_register_import_stored_file_id")

    op.drop_table("register_import")
    with op.batch_alter_table("member", schema=None) as batch_op:
        batch_op.drop_index("ix_member_unit_id_sort_name")
        batch_op.drop_index(
            "ix_member_sort_name_active",
            sqlite_where=sa.text("deactivated_at IS NULL"),
            postgresql_where=sa.text("deactivated_at IS NULL"),
        )
        batch_op.drop_index("ix_member_sort_name")
        batch_op.drop_index("ix_member_role_sort_name")
        batch_op.drop_index("ix_member_last_seen_at")
        batch_op.drop_index("ix_member_joined_on")
        batch_op.drop_index("ix_member_folded_number_sort")
        batch_op.drop_index("ix_member_account_id")

    op.drop_table("member")
    op.drop_table("logo")
    op.drop_table("audit_detail")
    with op.batch_alter_table("unit", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_unit_folded_name_under_parent",
            sqlite_where=sa.text("parent_id IS NOT NULL"),
            postgresql_where=sa.text("parent_id IS NOT NULL"),
        )
        batch_op.drop_index(
            "uq_unit_folded_name_at_top",
            sqlite_where=sa.text("parent_id IS NULL"),
            postgresql_where=sa.text("parent_id IS NULL"),
        )

    op.drop_table("unit")
    with op.batch_alter_table("stored_file", schema=None) as batch_op:
        batch_op.drop_index("ix_stored_file_wanted_at")
        batch_op.drop_index(
            "ix_stored_file_preview_waiting",
            sqlite_where=sa.text("preview = 'waiting'"),
            postgresql_where=sa.text("preview = 'waiting'"),
        )

    op.drop_table("stored_file")
    with op.batch_alter_table("message", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_message_waiting",
            sqlite_where=sa.text("sent_at IS NULL AND failed_at IS NULL"),
            postgresql_where=sa.text("sent_at IS NULL AND failed_at IS NULL"),
        )

    op.drop_table("message")
    with op.batch_alter_table("known_browser", schema=None) as batch_op:
        batch_op.drop_index("ix_known_browser_account_id")

    op.drop_table("known_browser")
    op.drop_table("column_mapping")
    with op.batch_alter_table("certification_type", schema=None) as batch_op:
        batch_op.drop_index("ix_certification_type_position")

    op.drop_table("certification_type")
    with op.batch_alter_table("audit_event", schema=None) as batch_op:
        batch_op.drop_index("ix_audit_event_subject")
        batch_op.drop_index("ix_audit_event_member_id")
        batch_op.drop_index("ix_audit_event_at")

    op.drop_table("audit_event")
    op.drop_table("throttle_count")
    op.drop_table("organization")
    op.drop_table("account")
