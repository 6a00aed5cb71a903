"""External certificates, their review, and the ledger of credits; portal messages; logging in as a member.

Revision: 0002, after 0001
"""

import sqlalchemy as sa
from alembic import op

from migrations.guards import guard_decisions, unguard_decisions
from records.models.amounts import Credits
from records.models.base import Instant

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
LIVE = sa.text("deleted_at IS NULL")
WAITING = sa.text("to_address IS NOT NULL AND sent_at IS NULL AND failed_at IS NULL")
OLD_KINDS = (
    "invitation",
    "password_reset",
    "password_changed",
    "old_email_confirmation",
    "new_email_confirmation",
    "email_changed",
)
NEW_KINDS = (
    "certificates_submitted",
    "changes_requested",
    "certificate_approved",
    "certificate_declined",
    "certificate_revoked",
)


def upgrade() -> None:
    op.create_table(
        "credit_type",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column(
            "folded_name",
            sa.String(length=255).with_variant(sa.String(length=255, collation="C"), "postgresql"),
            nullable=False,
        ),
        sa.Column("unit", sa.String(length=40), nullable=False),
        sa.Column("accepts_uploads", sa.Boolean(), nullable=False),
        sa.Column("period", sa.String(length=20), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=True),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.Column("goal", Credits(), nullable=True),
        sa.Column("largest_claim", Credits(), nullable=True),
        sa.Column("checklist", sa.JSON(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("retired_at", Instant(timezone=True), nullable=True),
        sa.Column("created_at", Instant(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("organization_id", ID, nullable=False),
        sa.CheckConstraint(
            "(period = 'own_dates') = (starts_on IS NOT NULL) AND (starts_on IS NULL) = (ends_on IS NULL)",
            name=op.f("ck_credit_type_own_dates_have_both_ends"),
        ),
        sa.CheckConstraint(
            "period IN ('calendar_year', 'from_joining', 'own_dates', 'lifetime')",
            name=op.f("ck_credit_type_period_is_known"),
        ),
        sa.CheckConstraint("goal IS NULL OR goal > 0", name=op.f("ck_credit_type_goal_is_positive")),
        sa.CheckConstraint(
            "largest_claim IS NULL OR largest_claim > 0", name=op.f("ck_credit_type_largest_claim_is_positive")
        ),
        sa.CheckConstraint(
            "starts_on IS NULL OR starts_on <= ends_on", name=op.f("ck_credit_type_starts_before_it_ends")
        ),
        sa.ForeignKeyConstraint(["organization_id"], ["organization.id"], name=op.f("fk_credit_type_organization_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_credit_type")),
        sa.UniqueConstraint("organization_id", "folded_name", name=op.f("uq_credit_type_organization_id_folded_name")),
        sa.UniqueConstraint("organization_id", "id", name=op.f("uq_credit_type_organization_id_id")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("credit_type", schema=None) as batch_op:
        batch_op.create_index("ix_credit_type_position", ["organization_id", "position", "folded_name"], unique=False)

    op.create_table(
        "kept_reason",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("text_digest", sa.String(length=64), nullable=False),
        sa.Column("created_at", Instant(timezone=True), nullable=False),
        sa.Column("organization_id", ID, nullable=False),
        sa.ForeignKeyConstraint(["organization_id"], ["organization.id"], name=op.f("fk_kept_reason_organization_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_kept_reason")),
        sa.UniqueConstraint("organization_id", "id", name=op.f("uq_kept_reason_organization_id_id")),
        sa.UniqueConstraint("organization_id", "text_digest", name=op.f("uq_kept_reason_organization_id_text_digest")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "transcript",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("member_id", ID, nullable=False),
        sa.Column("code_digest", sa.String(length=64), nullable=False),
        sa.Column("made_on", sa.Date(), nullable=False),
        sa.Column("created_at", Instant(timezone=True), nullable=False),
        sa.Column("totals", sa.JSON(), nullable=False),
        sa.Column("entry_ids", sa.JSON(), nullable=False),
        sa.Column("organization_id", ID, nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id", "member_id"],
            ["member.organization_id", "member.id"],
            name=op.f("fk_transcript_organization_id_member_id"),
        ),
        sa.ForeignKeyConstraint(["organization_id"], ["organization.id"], name=op.f("fk_transcript_organization_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_transcript")),
        sa.UniqueConstraint("code_digest", name=op.f("uq_transcript_code_digest")),
        sa.UniqueConstraint("organization_id", "id", name=op.f("uq_transcript_organization_id_id")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("transcript", schema=None) as batch_op:
        batch_op.create_index("ix_transcript_member_id", ["organization_id", "member_id"], unique=False)

    op.create_table(
        "external_certificate",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("member_id", ID, nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("submission_key", sa.String(length=64), nullable=False),
        sa.Column("copy_of_id", ID, nullable=True),
        sa.Column("created_at", Instant(timezone=True), nullable=False),
        sa.Column("submitted_at", Instant(timezone=True), nullable=False),
        sa.Column("announced_at", Instant(timezone=True), nullable=True),
        sa.Column("decided_at", Instant(timezone=True), nullable=True),
        sa.Column("decided_by_id", ID, nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("awarded_credits", Credits(), nullable=True),
        sa.Column("answers", sa.JSON(), nullable=False),
        sa.Column("certification_id", ID, nullable=True),
        sa.Column("revoked_at", Instant(timezone=True), nullable=True),
        sa.Column("revoked_by_id", ID, nullable=True),
        sa.Column("revoked_reason", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("credit_type_id", ID, nullable=False),
        sa.Column("title", sa.String(length=255), nullable=False),
        sa.Column("claimed_credits", Credits(), nullable=False),
        sa.Column("earned_on", sa.Date(), nullable=False),
        sa.Column("issuer", sa.String(length=255), nullable=False),
        sa.Column("number", sa.String(length=255), nullable=False),
        sa.Column("folded_number", sa.String(length=255), nullable=False),
        sa.Column("expires_on", sa.Date(), nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("organization_id", ID, nullable=False),
        sa.CheckConstraint(
            "(awarded_credits IS NOT NULL) = (state IN ('approved', 'revoked'))",
            name=op.f("ck_external_certificate_awarded_iff_approved"),
        ),
        sa.CheckConstraint(
            "(state = 'pending') = (decided_at IS NULL) AND (decided_at IS NULL) = (decided_by_id IS NULL)",
            name=op.f("ck_external_certificate_decided_iff_not_pending"),
        ),
        sa.CheckConstraint(
            "(state = 'revoked') = (revoked_at IS NOT NULL) AND (revoked_at IS NULL) = (revoked_by_id IS NULL) AND (revoked_at IS NULL) = (revoked_reason = '')",
            name=op.f("ck_external_certificate_revoked_with_a_reason"),
        ),
        sa.CheckConstraint(
            "certification_id IS NULL OR state IN ('approved', 'revoked')",
            name=op.f("ck_external_certificate_certification_comes_of_approval"),
        ),
        sa.CheckConstraint(
            "reason <> '' OR awarded_credits IS NULL OR awarded_credits = claimed_credits",
            name=op.f("ck_external_certificate_other_award_with_a_comment"),
        ),
        sa.CheckConstraint(
            "reason <> '' OR state NOT IN ('changes_requested', 'declined')",
            name=op.f("ck_external_certificate_refused_with_a_reason"),
        ),
        sa.CheckConstraint(
            "state IN ('pending', 'changes_requested', 'withdrawn', 'declined', 'approved', 'revoked')",
            name=op.f("ck_external_certificate_state_is_known"),
        ),
        sa.CheckConstraint(
            "awarded_credits BETWEEN 1 AND 999999", name=op.f("ck_external_certificate_award_is_an_amount")
        ),
        sa.CheckConstraint(
            "claimed_credits BETWEEN 1 AND 999999", name=op.f("ck_external_certificate_claim_is_an_amount")
        ),
        sa.CheckConstraint("copy_of_id <> id", name=op.f("ck_external_certificate_not_its_own_copy")),
        sa.CheckConstraint(
            "expires_on IS NULL OR earned_on <= expires_on",
            name=op.f("ck_external_certificate_earned_before_it_expires"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "certification_id"],
            ["certification.organization_id", "certification.id"],
            name=op.f("fk_external_certificate_organization_id_certification_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "copy_of_id"],
            ["external_certificate.organization_id", "external_certificate.id"],
            name=op.f("fk_external_certificate_organization_id_copy_of_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "credit_type_id"],
            ["credit_type.organization_id", "credit_type.id"],
            name=op.f("fk_external_certificate_organization_id_credit_type_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "decided_by_id"],
            ["member.organization_id", "member.id"],
            name=op.f("fk_external_certificate_organization_id_decided_by_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "member_id"],
            ["member.organization_id", "member.id"],
            name=op.f("fk_external_certificate_organization_id_member_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "revoked_by_id"],
            ["member.organization_id", "member.id"],
            name=op.f("fk_external_certificate_organization_id_revoked_by_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name=op.f("fk_external_certificate_organization_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_external_certificate")),
        sa.UniqueConstraint("organization_id", "id", name=op.f("uq_external_certificate_organization_id_id")),
        sa.UniqueConstraint(
            "organization_id",
            "member_id",
            "submission_key",
            name="uq_external_certificate_submitted_once",
        ),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("external_certificate", schema=None) as batch_op:
        batch_op.create_index(
            "ix_external_certificate_certification_id", ["organization_id", "certification_id"], unique=False
        )
        batch_op.create_index(
            "ix_external_certificate_credit_type_id", ["organization_id", "credit_type_id"], unique=False
        )
        batch_op.create_index(
            "ix_external_certificate_folded_number", ["organization_id", "folded_number"], unique=False
        )
        batch_op.create_index(
            "ix_external_certificate_member_id", ["organization_id", "member_id", "earned_on", "id"], unique=False
        )
        batch_op.create_index(
            "ix_external_certificate_pending",
            ["organization_id", "submitted_at", "id"],
            unique=False,
            sqlite_where=sa.text("state = 'pending'"),
            postgresql_where=sa.text("state = 'pending'"),
        )
        batch_op.create_index(
            "ix_external_certificate_state", ["organization_id", "state", "decided_at", "id"], unique=False
        )

    op.create_table(
        "credit_entry",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("member_id", ID, nullable=False),
        sa.Column("credit_type_id", ID, nullable=False),
        sa.Column("external_certificate_id", ID, nullable=False),
        sa.Column("reverses_id", ID, nullable=True),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("amount", Credits(), nullable=False),
        sa.Column("counts_on", sa.Date(), nullable=False),
        sa.Column("created_at", Instant(timezone=True), nullable=False),
        sa.Column("organization_id", ID, nullable=False),
        sa.CheckConstraint(
            "(kind = 'award') = (amount > 0) AND amount <> 0",
            name=op.f("ck_credit_entry_awards_add_and_reversals_subtract"),
        ),
        sa.CheckConstraint(
            "(kind = 'reversal') = (reverses_id IS NOT NULL)", name=op.f("ck_credit_entry_reversal_names_its_entry")
        ),
        sa.CheckConstraint("kind IN ('award', 'reversal')", name=op.f("ck_credit_entry_kind_is_known")),
        sa.ForeignKeyConstraint(
            ["organization_id", "credit_type_id"],
            ["credit_type.organization_id", "credit_type.id"],
            name=op.f("fk_credit_entry_organization_id_credit_type_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "external_certificate_id"],
            ["external_certificate.organization_id", "external_certificate.id"],
            name=op.f("fk_credit_entry_organization_id_external_certificate_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "member_id"],
            ["member.organization_id", "member.id"],
            name=op.f("fk_credit_entry_organization_id_member_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "reverses_id"],
            ["credit_entry.organization_id", "credit_entry.id"],
            name=op.f("fk_credit_entry_organization_id_reverses_id"),
        ),
        sa.ForeignKeyConstraint(["organization_id"], ["organization.id"], name=op.f("fk_credit_entry_organization_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_credit_entry")),
        sa.UniqueConstraint("organization_id", "id", name=op.f("uq_credit_entry_organization_id_id")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("credit_entry", schema=None) as batch_op:
        batch_op.create_index("ix_credit_entry_credit_type_id", ["organization_id", "credit_type_id"], unique=False)
        batch_op.create_index(
            "ix_credit_entry_external_certificate_id", ["organization_id", "external_certificate_id"], unique=False
        )
        batch_op.create_index(
            "ix_credit_entry_member_id", ["organization_id", "member_id", "credit_type_id", "counts_on"], unique=False
        )
        batch_op.create_index(
            "uq_credit_entry_awarded_once",
            ["organization_id", "external_certificate_id"],
            unique=True,
            sqlite_where=sa.text("kind = 'award'"),
            postgresql_where=sa.text("kind = 'award'"),
        )
        batch_op.create_index(
            "uq_credit_entry_reversed_once",
            ["organization_id", "reverses_id"],
            unique=True,
            sqlite_where=sa.text("reverses_id IS NOT NULL"),
            postgresql_where=sa.text("reverses_id IS NOT NULL"),
        )

    op.create_table(
        "revision",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("external_certificate_id", ID, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("files", sa.JSON(), nullable=False),
        sa.Column("submitted_by_id", ID, nullable=False),
        sa.Column("administrator_id", ID, nullable=True),
        sa.Column("created_at", Instant(timezone=True), nullable=False),
        sa.Column("organization_id", ID, nullable=False),
        sa.CheckConstraint("number > 0", name=op.f("ck_revision_number_counts_from_one")),
        sa.ForeignKeyConstraint(
            ["organization_id", "administrator_id"],
            ["member.organization_id", "member.id"],
            name=op.f("fk_revision_organization_id_administrator_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "external_certificate_id"],
            ["external_certificate.organization_id", "external_certificate.id"],
            name=op.f("fk_revision_organization_id_external_certificate_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "submitted_by_id"],
            ["member.organization_id", "member.id"],
            name=op.f("fk_revision_organization_id_submitted_by_id"),
        ),
        sa.ForeignKeyConstraint(["organization_id"], ["organization.id"], name=op.f("fk_revision_organization_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_revision")),
        sa.UniqueConstraint(
            "organization_id",
            "external_certificate_id",
            "number",
            name=op.f("uq_revision_organization_id_external_certificate_id_number"),
        ),
        sa.UniqueConstraint("organization_id", "id", name=op.f("uq_revision_organization_id_id")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("revision", schema=None) as batch_op:
        batch_op.create_index("ix_revision_administrator_id", ["organization_id", "administrator_id"], unique=False)

    _add_columns()
    with op.batch_alter_table("message") as batch_op:
        batch_op.add_column(sa.Column("member_id", ID, nullable=True))
        batch_op.add_column(sa.Column("page", sa.String(length=255), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("read_at", Instant(timezone=True), nullable=True))
        batch_op.alter_column("to_address", existing_type=sa.String(length=254), nullable=True)
        batch_op.drop_constraint(batch_op.f("ck_message_kind_is_known"), type_="check")
        batch_op.create_check_constraint(batch_op.f("ck_message_kind_is_known"), _kinds(*OLD_KINDS, *NEW_KINDS))
        batch_op.create_check_constraint(
            batch_op.f("ck_message_reaches_somebody"), "to_address IS NOT NULL OR member_id IS NOT NULL"
        )
        batch_op.drop_index("ix_message_waiting")
        batch_op.create_index("ix_message_waiting", ["due_at", "id"], sqlite_where=WAITING, postgresql_where=WAITING)
        batch_op.create_index("ix_message_member_id", ["organization_id", "member_id", "id"])
        batch_op.create_foreign_key(
            batch_op.f("fk_message_organization_id_member_id"),
            "member",
            ["organization_id", "member_id"],
            ["organization_id", "id"],
        )
    with op.batch_alter_table("scan", table_kwargs={"sqlite_autoincrement": True}) as batch_op:
        batch_op.add_column(sa.Column("external_certificate_id", ID, nullable=True))
        batch_op.alter_column("certification_id", existing_type=ID, nullable=True)
        batch_op.create_check_constraint(
            batch_op.f("ck_scan_belongs_to_exactly_one_record"),
            "(certification_id IS NULL) <> (external_certificate_id IS NULL)",
        )
        batch_op.create_index("ix_scan_external_certificate_id", ["organization_id", "external_certificate_id"])
        batch_op.create_index(
            "uq_scan_submitted_once",
            ["organization_id", "external_certificate_id", "stored_file_id"],
            unique=True,
            sqlite_where=LIVE,
            postgresql_where=LIVE,
        )
        batch_op.create_foreign_key(
            batch_op.f("fk_scan_organization_id_external_certificate_id"),
            "external_certificate",
            ["organization_id", "external_certificate_id"],
            ["organization_id", "id"],
        )
    guard_decisions()


def _add_columns() -> None:
    """Columns with their checks in one stroke, so that SQLite need not make large tables anew."""
    false = "0" if _on_sqlite() else "false"
    for statement in (
        f"ALTER TABLE member ADD COLUMN reviews BOOLEAN NOT NULL DEFAULT {false}"
        " CONSTRAINT ck_member_only_coordinators_are_granted"
        f" CHECK (reviews = {false} OR role = 'training_coordinator')",
        "ALTER TABLE member ADD COLUMN unwanted_mail JSON NOT NULL DEFAULT '[]'",
        f"ALTER TABLE organization ADD COLUMN takes_external_certificates BOOLEAN NOT NULL DEFAULT {'1' if _on_sqlite() else 'true'}",
    ):
        op.execute(statement)
    with op.batch_alter_table("sign_in") as batch_op:
        batch_op.add_column(sa.Column("administrator_id", ID, nullable=True))
        batch_op.add_column(sa.Column("returns_until", Instant(timezone=True), nullable=True))
        batch_op.create_check_constraint(
            batch_op.f("ck_sign_in_administrators_return"), "(administrator_id IS NULL) = (returns_until IS NULL)"
        )
        batch_op.create_foreign_key(batch_op.f("fk_sign_in_administrator_id"), "member", ["administrator_id"], ["id"])
    op.add_column("upload", sa.Column("submission_key", sa.String(length=64), nullable=True))
    op.create_index(
        "uq_upload_submission_key", "upload", ["organization_id", "started_by_id", "submission_key"], unique=True
    )


def downgrade() -> None:
    unguard_decisions()
    _forget_what_has_no_place()
    with op.batch_alter_table("scan", table_kwargs={"sqlite_autoincrement": True}) as batch_op:
        batch_op.drop_constraint("fk_scan_organization_id_external_certificate_id", type_="foreignkey")
        batch_op.drop_constraint(batch_op.f("ck_scan_belongs_to_exactly_one_record"), type_="check")
        batch_op.drop_index("uq_scan_submitted_once")
        batch_op.drop_index("ix_scan_external_certificate_id")
        batch_op.alter_column("certification_id", existing_type=ID, nullable=False)
        batch_op.drop_column("external_certificate_id")
    with op.batch_alter_table("message") as batch_op:
        batch_op.drop_constraint("fk_message_organization_id_member_id", type_="foreignkey")
        batch_op.drop_constraint(batch_op.f("ck_message_kind_is_known"), type_="check")
        batch_op.drop_constraint(batch_op.f("ck_message_reaches_somebody"), type_="check")
        batch_op.create_check_constraint(batch_op.f("ck_message_kind_is_known"), _kinds(*OLD_KINDS))
        batch_op.drop_index("ix_message_member_id")
        batch_op.drop_index("ix_message_waiting")
        batch_op.alter_column("to_address", existing_type=sa.String(length=254), nullable=False)
        batch_op.drop_column("read_at")
        batch_op.drop_column("page")
        batch_op.drop_column("member_id")
        old_waiting = sa.text("sent_at IS NULL AND failed_at IS NULL")
        batch_op.create_index(
            "ix_message_waiting", ["due_at", "id"], sqlite_where=old_waiting, postgresql_where=old_waiting
        )
    op.drop_index("uq_upload_submission_key", table_name="upload")
    for table, column in (
        ("upload", "submission_key"),
        ("organization", "takes_external_certificates"),
        ("member", "unwanted_mail"),
        ("member", "reviews"),
    ):
        op.execute(f"ALTER TABLE {table} DROP COLUMN {column}")
    with op.batch_alter_table("sign_in") as batch_op:
        batch_op.drop_constraint("fk_sign_in_administrator_id", type_="foreignkey")
        batch_op.drop_constraint(batch_op.f("ck_sign_in_administrators_return"), type_="check")
        batch_op.drop_column("returns_until")
        batch_op.drop_column("administrator_id")

    with op.batch_alter_table("revision", schema=None) as batch_op:
        batch_op.drop_index("ix_revision_administrator_id")

    op.drop_table("revision")
    with op.batch_alter_table("credit_entry", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_credit_entry_reversed_once",
            sqlite_where=sa.text("reverses_id IS NOT NULL"),
            postgresql_where=sa.text("reverses_id IS NOT NULL"),
        )
        batch_op.drop_index(
            "uq_credit_entry_awarded_once",
            sqlite_where=sa.text("kind = 'award'"),
            postgresql_where=sa.text("kind = 'award'"),
        )
        batch_op.drop_index("ix_credit_entry_member_id")
        batch_op.drop_index("ix_credit_entry_external_certificate_id")
        batch_op.drop_index("ix_credit_entry_credit_type_id")

    op.drop_table("credit_entry")
    with op.batch_alter_table("external_certificate", schema=None) as batch_op:
        batch_op.drop_index("ix_external_certificate_state")
        batch_op.drop_index(
            "ix_external_certificate_pending",
            sqlite_where=sa.text("state = 'pending'"),
            postgresql_where=sa.text("state = 'pending'"),
        )
        batch_op.drop_index("ix_external_certificate_member_id")
        batch_op.drop_index("ix_external_certificate_folded_number")
        batch_op.drop_index("ix_external_certificate_credit_type_id")
        batch_op.drop_index("ix_external_certificate_certification_id")

    op.drop_table("external_certificate")
    with op.batch_alter_table("transcript", schema=None) as batch_op:
        batch_op.drop_index("ix_transcript_member_id")

    op.drop_table("transcript")
    op.drop_table("kept_reason")
    with op.batch_alter_table("credit_type", schema=None) as batch_op:
        batch_op.drop_index("ix_credit_type_position")

    op.drop_table("credit_type")


def _forget_what_has_no_place() -> None:
    """Before this migration there were no files of external certificates, no such messages, and no other uploads."""
    op.execute("DELETE FROM scan WHERE external_certificate_id IS NOT NULL")
    op.execute(f"DELETE FROM message WHERE to_address IS NULL OR {_kinds(*NEW_KINDS)}")  # noqa: S608  # because: no input is in it
    submitting = "SELECT id FROM upload WHERE submission_key IS NOT NULL"
    op.execute(f"DELETE FROM uploaded_file WHERE upload_id IN ({submitting})")  # noqa: S608  # because: no input is in it
    op.execute("DELETE FROM upload WHERE submission_key IS NOT NULL")
    op.execute("DELETE FROM sign_in WHERE administrator_id IS NOT NULL")


def _on_sqlite() -> bool:
    return op.get_bind().dialect.name == "sqlite"


def _kinds(*kinds: str) -> str:
    return "kind IN ({})".format(", ".join(f"'{kind}'" for kind in kinds))
