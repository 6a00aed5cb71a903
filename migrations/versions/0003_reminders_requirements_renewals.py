"""Reminders, positions and requirements, renewals of many and by members, proofs, feeds, saved views, merges.

Revision: 0003, after 0002
"""

import sqlalchemy as sa
from alembic import op
from dateutil.relativedelta import relativedelta

from migrations.guards import guard_decisions, unguard_decisions
from records.models.amounts import Credits
from records.models.base import Instant

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
LIVE = sa.text("deleted_at IS NULL")
OLD_KINDS = (
    "invitation",
    "password_reset",
    "password_changed",
    "old_email_confirmation",
    "new_email_confirmation",
    "email_changed",
    "certificates_submitted",
    "changes_requested",
    "certificate_approved",
    "certificate_declined",
    "certificate_revoked",
)
NEW_KINDS = (
    "certifications_expire",
    "weekly_digest",
    "renewals_proposed",
    "renewal_accepted",
    "renewal_declined",
)
ONE_OF_TWO = "(certification_id IS NULL) <> (external_certificate_id IS NULL)"
ONE_OF_THREE = (
    "(CASE WHEN certification_id IS NULL THEN 0 ELSE 1 END)"
    " + (CASE WHEN external_certificate_id IS NULL THEN 0 ELSE 1 END)"
    " + (CASE WHEN renewal_proposal_id IS NULL THEN 0 ELSE 1 END) = 1"
)
# In the order in which they can be dropped.
TABLES = (
    "reminder_message",
    "proof",
    "snooze",
    "renewal_proposal",
    "reminder",
    "batched_renewal",
    "digest",
    "saved_view",
    "requirement_unit",
    "requirement_type",
    "requirement_position",
    "requirement_member",
    "renewal_batch",
    "member_position",
    "member_merge",
    "exemption",
    "calendar_feed",
    "type_equivalence",
    "requirement",
    "position",
)


def upgrade() -> None:
    unguard_decisions()
    with op.batch_alter_table("message") as batch_op:
        batch_op.create_unique_constraint(batch_op.f("uq_message_organization_id_id"), ["organization_id", "id"])
        batch_op.drop_constraint(batch_op.f("ck_message_kind_is_known"), type_="check")
        batch_op.create_check_constraint(batch_op.f("ck_message_kind_is_known"), _kinds(*OLD_KINDS, *NEW_KINDS))
    _create_tables()
    for statement in (
        "ALTER TABLE certification_type ADD COLUMN stages_set_on DATE",
        # So the first reminders are those of days to come: nobody is told of years at once on the day of the upgrade.
        "UPDATE certification_type SET stages_set_on = CURRENT_DATE",
        f"ALTER TABLE certification_type ADD COLUMN members_propose_renewals BOOLEAN NOT NULL DEFAULT {_false()}",
        "ALTER TABLE organization ADD COLUMN reminds_at TIME NOT NULL DEFAULT '07:00:00.000000'",
        "ALTER TABLE organization ADD COLUMN digest_weekday INTEGER NOT NULL DEFAULT 0"
        " CONSTRAINT ck_organization_digest_weekday_is_one_of_seven CHECK (digest_weekday BETWEEN 0 AND 6)",
    ):
        op.execute(statement.replace(":", "\\:"))
    with op.batch_alter_table("scan", table_kwargs={"sqlite_autoincrement": True}) as batch_op:
        batch_op.add_column(sa.Column("renewal_proposal_id", ID, nullable=True))
        batch_op.drop_constraint(batch_op.f("ck_scan_belongs_to_exactly_one_record"), type_="check")
        batch_op.create_check_constraint(batch_op.f("ck_scan_belongs_to_exactly_one_record"), ONE_OF_THREE)
        batch_op.create_index("ix_scan_renewal_proposal_id", ["organization_id", "renewal_proposal_id"])
        batch_op.create_index(
            "uq_scan_proposed_once",
            ["organization_id", "renewal_proposal_id", "stored_file_id"],
            unique=True,
            sqlite_where=LIVE,
            postgresql_where=LIVE,
        )
        batch_op.create_foreign_key(
            batch_op.f("fk_scan_organization_id_renewal_proposal_id"),
            "renewal_proposal",
            ["organization_id", "renewal_proposal_id"],
            ["organization_id", "id"],
        )
    guard_decisions(members_merge=True)


def _create_tables() -> None:
    op.create_table(
        "position",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column(
            "folded_name",
            sa.String(length=255).with_variant(sa.String(length=255, collation="C"), "postgresql"),
            nullable=False,
        ),
        sa.Column("organization_id", ID, nullable=False),
        sa.ForeignKeyConstraint(["organization_id"], ["organization.id"], name=op.f("fk_position_organization_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_position")),
        sa.UniqueConstraint("organization_id", "folded_name", name=op.f("uq_position_organization_id_folded_name")),
        sa.UniqueConstraint("organization_id", "id", name=op.f("uq_position_organization_id_id")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "requirement",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column(
            "folded_name",
            sa.String(length=255).with_variant(sa.String(length=255, collation="C"), "postgresql"),
            nullable=False,
        ),
        sa.Column("description", sa.Text(), server_default="", nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("rule", sa.String(length=10), nullable=False),
        sa.Column("at_least", sa.Integer(), nullable=True),
        sa.Column("credit_type_id", ID, nullable=True),
        sa.Column("credits", Credits(), nullable=True),
        sa.Column("binds_everyone", sa.Boolean(), nullable=False),
        sa.Column("from_on", sa.Date(), nullable=False),
        sa.Column("newcomer_days", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("retired_at", Instant(timezone=True), nullable=True),
        sa.Column("created_at", Instant(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("organization_id", ID, nullable=False),
        sa.CheckConstraint(
            "(kind = 'credits') = (credit_type_id IS NOT NULL) AND (credits IS NULL) = (credit_type_id IS NULL)",
            name=op.f("ck_requirement_credits_iff_so_asked"),
        ),
        sa.CheckConstraint(
            "(rule = 'at_least') = (at_least IS NOT NULL)", name=op.f("ck_requirement_at_least_iff_so_ruled")
        ),
        sa.CheckConstraint("kind IN ('types', 'credits')", name=op.f("ck_requirement_kind_is_known")),
        sa.CheckConstraint("rule IN ('all', 'any', 'at_least')", name=op.f("ck_requirement_rule_is_known")),
        sa.CheckConstraint(
            "at_least IS NULL OR at_least BETWEEN 1 AND 1000", name=op.f("ck_requirement_at_least_is_positive")
        ),
        sa.CheckConstraint("credits IS NULL OR credits > 0", name=op.f("ck_requirement_credits_are_positive")),
        sa.CheckConstraint(
            "newcomer_days BETWEEN 0 AND 3650", name=op.f("ck_requirement_newcomer_days_are_not_negative")
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "credit_type_id"],
            ["credit_type.organization_id", "credit_type.id"],
            name=op.f("fk_requirement_organization_id_credit_type_id"),
        ),
        sa.ForeignKeyConstraint(["organization_id"], ["organization.id"], name=op.f("fk_requirement_organization_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_requirement")),
        sa.UniqueConstraint("organization_id", "folded_name", name=op.f("uq_requirement_organization_id_folded_name")),
        sa.UniqueConstraint("organization_id", "id", name=op.f("uq_requirement_organization_id_id")),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_requirement_position", "requirement", ["organization_id", "position", "folded_name"], unique=False
    )

    op.create_table(
        "type_equivalence",
        sa.Column("type_id", ID, nullable=False),
        sa.Column("counts_as_id", ID, nullable=False),
        sa.Column("organization_id", ID, nullable=False),
        sa.CheckConstraint("type_id <> counts_as_id", name=op.f("ck_type_equivalence_does_not_count_as_itself")),
        sa.ForeignKeyConstraint(
            ["organization_id", "counts_as_id"],
            ["certification_type.organization_id", "certification_type.id"],
            name=op.f("fk_type_equivalence_organization_id_counts_as_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "type_id"],
            ["certification_type.organization_id", "certification_type.id"],
            name=op.f("fk_type_equivalence_organization_id_type_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name=op.f("fk_type_equivalence_organization_id")
        ),
        sa.PrimaryKeyConstraint("type_id", "counts_as_id", name=op.f("pk_type_equivalence")),
    )
    op.create_index(
        "ix_type_equivalence_counts_as_id", "type_equivalence", ["organization_id", "counts_as_id"], unique=False
    )

    op.create_table(
        "calendar_feed",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("member_id", ID, nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("salt", sa.String(length=32), nullable=False),
        sa.Column("token_digest", sa.String(length=64), nullable=False),
        sa.Column("created_at", Instant(timezone=True), nullable=False),
        sa.Column("last_read_at", Instant(timezone=True), nullable=True),
        sa.Column("organization_id", ID, nullable=False),
        sa.CheckConstraint("kind IN ('own', 'scope')", name=op.f("ck_calendar_feed_kind_is_known")),
        sa.ForeignKeyConstraint(
            ["organization_id", "member_id"],
            ["member.organization_id", "member.id"],
            name=op.f("fk_calendar_feed_organization_id_member_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name=op.f("fk_calendar_feed_organization_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_calendar_feed")),
        sa.UniqueConstraint("organization_id", "id", name=op.f("uq_calendar_feed_organization_id_id")),
        sa.UniqueConstraint("organization_id", "member_id", "kind", name="uq_calendar_feed_one_of_a_kind"),
        sa.UniqueConstraint("token_digest", name=op.f("uq_calendar_feed_token_digest")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "exemption",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("requirement_id", ID, nullable=False),
        sa.Column("member_id", ID, nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("approved_by_id", ID, nullable=False),
        sa.Column("created_at", Instant(timezone=True), nullable=False),
        sa.Column("withdrawn_at", Instant(timezone=True), nullable=True),
        sa.Column("organization_id", ID, nullable=False),
        sa.CheckConstraint("reason <> ''", name=op.f("ck_exemption_has_a_reason")),
        sa.CheckConstraint("starts_on <= ends_on", name=op.f("ck_exemption_starts_before_it_ends")),
        sa.ForeignKeyConstraint(
            ["organization_id", "approved_by_id"],
            ["member.organization_id", "member.id"],
            name=op.f("fk_exemption_organization_id_approved_by_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "member_id"],
            ["member.organization_id", "member.id"],
            name=op.f("fk_exemption_organization_id_member_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "requirement_id"],
            ["requirement.organization_id", "requirement.id"],
            name=op.f("fk_exemption_organization_id_requirement_id"),
        ),
        sa.ForeignKeyConstraint(["organization_id"], ["organization.id"], name=op.f("fk_exemption_organization_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_exemption")),
        sa.UniqueConstraint("organization_id", "id", name=op.f("uq_exemption_organization_id_id")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_exemption_approved_by_id", "exemption", ["organization_id", "approved_by_id"], unique=False)
    op.create_index("ix_exemption_member_id", "exemption", ["organization_id", "member_id"], unique=False)
    op.create_index(
        "ix_exemption_requirement_id", "exemption", ["organization_id", "requirement_id", "member_id"], unique=False
    )

    op.create_table(
        "member_merge",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("kept_id", ID, nullable=False),
        sa.Column("merged_id", ID, nullable=False),
        sa.Column("merged_at", Instant(timezone=True), nullable=False),
        sa.Column("merged_by_id", ID, nullable=False),
        sa.Column("moved", sa.JSON(), nullable=False),
        sa.Column("undone_at", Instant(timezone=True), nullable=True),
        sa.Column("undone_by_id", ID, nullable=True),
        sa.Column("organization_id", ID, nullable=False),
        sa.CheckConstraint(
            "(undone_at IS NULL) = (undone_by_id IS NULL)", name=op.f("ck_member_merge_undone_by_somebody")
        ),
        sa.CheckConstraint("kept_id <> merged_id", name=op.f("ck_member_merge_joins_two_members")),
        sa.ForeignKeyConstraint(
            ["organization_id", "kept_id"],
            ["member.organization_id", "member.id"],
            name=op.f("fk_member_merge_organization_id_kept_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "merged_by_id"],
            ["member.organization_id", "member.id"],
            name=op.f("fk_member_merge_organization_id_merged_by_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "merged_id"],
            ["member.organization_id", "member.id"],
            name=op.f("fk_member_merge_organization_id_merged_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "undone_by_id"],
            ["member.organization_id", "member.id"],
            name=op.f("fk_member_merge_organization_id_undone_by_id"),
        ),
        sa.ForeignKeyConstraint(["organization_id"], ["organization.id"], name=op.f("fk_member_merge_organization_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_member_merge")),
        sa.UniqueConstraint("organization_id", "id", name=op.f("uq_member_merge_organization_id_id")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_member_merge_kept_id", "member_merge", ["organization_id", "kept_id"], unique=False)
    op.create_index("ix_member_merge_merged_by_id", "member_merge", ["organization_id", "merged_by_id"], unique=False)
    op.create_index("ix_member_merge_undone_by_id", "member_merge", ["organization_id", "undone_by_id"], unique=False)
    op.create_index(
        "uq_member_merge_merged_once",
        "member_merge",
        ["organization_id", "merged_id"],
        unique=True,
        sqlite_where=sa.text("undone_at IS NULL"),
        postgresql_where=sa.text("undone_at IS NULL"),
    )

    op.create_table(
        "member_position",
        sa.Column("member_id", ID, nullable=False),
        sa.Column("position_id", ID, nullable=False),
        sa.Column("organization_id", ID, nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id", "member_id"],
            ["member.organization_id", "member.id"],
            name=op.f("fk_member_position_organization_id_member_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "position_id"],
            ["position.organization_id", "position.id"],
            name=op.f("fk_member_position_organization_id_position_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name=op.f("fk_member_position_organization_id")
        ),
        sa.PrimaryKeyConstraint("member_id", "position_id", name=op.f("pk_member_position")),
    )
    op.create_index(
        "ix_member_position_position_id",
        "member_position",
        ["organization_id", "position_id", "member_id"],
        unique=False,
    )

    op.create_table(
        "renewal_batch",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("type_id", ID, nullable=False),
        sa.Column("made_by_id", ID, nullable=False),
        sa.Column("made_at", Instant(timezone=True), nullable=False),
        sa.Column("submission_key", sa.String(length=64), nullable=False),
        sa.Column("undone_at", Instant(timezone=True), nullable=True),
        sa.Column("undone_by_id", ID, nullable=True),
        sa.Column("organization_id", ID, nullable=False),
        sa.CheckConstraint(
            "(undone_at IS NULL) = (undone_by_id IS NULL)", name=op.f("ck_renewal_batch_undone_by_somebody")
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "made_by_id"],
            ["member.organization_id", "member.id"],
            name=op.f("fk_renewal_batch_organization_id_made_by_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "type_id"],
            ["certification_type.organization_id", "certification_type.id"],
            name=op.f("fk_renewal_batch_organization_id_type_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "undone_by_id"],
            ["member.organization_id", "member.id"],
            name=op.f("fk_renewal_batch_organization_id_undone_by_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name=op.f("fk_renewal_batch_organization_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_renewal_batch")),
        sa.UniqueConstraint("organization_id", "id", name=op.f("uq_renewal_batch_organization_id_id")),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "uq_renewal_batch_made_once",
        "renewal_batch",
        ["organization_id", "made_by_id", "submission_key"],
        unique=True,
    )
    op.create_index("ix_renewal_batch_made_at", "renewal_batch", ["organization_id", "made_at", "id"], unique=False)
    op.create_index("ix_renewal_batch_made_by_id", "renewal_batch", ["organization_id", "made_by_id"], unique=False)
    op.create_index("ix_renewal_batch_type_id", "renewal_batch", ["organization_id", "type_id"], unique=False)
    op.create_index("ix_renewal_batch_undone_by_id", "renewal_batch", ["organization_id", "undone_by_id"], unique=False)

    op.create_table(
        "requirement_member",
        sa.Column("requirement_id", ID, nullable=False),
        sa.Column("member_id", ID, nullable=False),
        sa.Column("organization_id", ID, nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id", "member_id"],
            ["member.organization_id", "member.id"],
            name=op.f("fk_requirement_member_organization_id_member_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "requirement_id"],
            ["requirement.organization_id", "requirement.id"],
            name=op.f("fk_requirement_member_organization_id_requirement_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name=op.f("fk_requirement_member_organization_id")
        ),
        sa.PrimaryKeyConstraint("requirement_id", "member_id", name=op.f("pk_requirement_member")),
    )
    op.create_index(
        "ix_requirement_member_member_id", "requirement_member", ["organization_id", "member_id"], unique=False
    )

    op.create_table(
        "requirement_position",
        sa.Column("requirement_id", ID, nullable=False),
        sa.Column("position_id", ID, nullable=False),
        sa.Column("organization_id", ID, nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id", "position_id"],
            ["position.organization_id", "position.id"],
            name=op.f("fk_requirement_position_organization_id_position_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "requirement_id"],
            ["requirement.organization_id", "requirement.id"],
            name=op.f("fk_requirement_position_organization_id_requirement_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name=op.f("fk_requirement_position_organization_id")
        ),
        sa.PrimaryKeyConstraint("requirement_id", "position_id", name=op.f("pk_requirement_position")),
    )
    op.create_index(
        "ix_requirement_position_position_id", "requirement_position", ["organization_id", "position_id"], unique=False
    )

    op.create_table(
        "requirement_type",
        sa.Column("requirement_id", ID, nullable=False),
        sa.Column("type_id", ID, nullable=False),
        sa.Column("organization_id", ID, nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id", "requirement_id"],
            ["requirement.organization_id", "requirement.id"],
            name=op.f("fk_requirement_type_organization_id_requirement_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "type_id"],
            ["certification_type.organization_id", "certification_type.id"],
            name=op.f("fk_requirement_type_organization_id_type_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name=op.f("fk_requirement_type_organization_id")
        ),
        sa.PrimaryKeyConstraint("requirement_id", "type_id", name=op.f("pk_requirement_type")),
    )
    op.create_index("ix_requirement_type_type_id", "requirement_type", ["organization_id", "type_id"], unique=False)

    op.create_table(
        "requirement_unit",
        sa.Column("requirement_id", ID, nullable=False),
        sa.Column("unit_id", ID, nullable=False),
        sa.Column("organization_id", ID, nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id", "requirement_id"],
            ["requirement.organization_id", "requirement.id"],
            name=op.f("fk_requirement_unit_organization_id_requirement_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "unit_id"],
            ["unit.organization_id", "unit.id"],
            name=op.f("fk_requirement_unit_organization_id_unit_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name=op.f("fk_requirement_unit_organization_id")
        ),
        sa.PrimaryKeyConstraint("requirement_id", "unit_id", name=op.f("pk_requirement_unit")),
    )
    op.create_index("ix_requirement_unit_unit_id", "requirement_unit", ["organization_id", "unit_id"], unique=False)

    op.create_table(
        "saved_view",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("member_id", ID, nullable=False),
        sa.Column("report", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column(
            "folded_name",
            sa.String(length=255).with_variant(sa.String(length=255, collation="C"), "postgresql"),
            nullable=False,
        ),
        sa.Column("asked", sa.JSON(), nullable=False),
        sa.Column("is_shared", sa.Boolean(), nullable=False),
        sa.Column("created_at", Instant(timezone=True), nullable=False),
        sa.Column("organization_id", ID, nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id", "member_id"],
            ["member.organization_id", "member.id"],
            name=op.f("fk_saved_view_organization_id_member_id"),
        ),
        sa.ForeignKeyConstraint(["organization_id"], ["organization.id"], name=op.f("fk_saved_view_organization_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_saved_view")),
        sa.UniqueConstraint("organization_id", "id", name=op.f("uq_saved_view_organization_id_id")),
        sa.UniqueConstraint("organization_id", "member_id", "report", "folded_name", name="uq_saved_view_named_once"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "digest",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("member_id", ID, nullable=False),
        sa.Column("week_on", sa.Date(), nullable=False),
        sa.Column("message_id", ID, nullable=True),
        sa.Column("created_at", Instant(timezone=True), nullable=False),
        sa.Column("organization_id", ID, nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id", "member_id"],
            ["member.organization_id", "member.id"],
            name=op.f("fk_digest_organization_id_member_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "message_id"],
            ["message.organization_id", "message.id"],
            name=op.f("fk_digest_organization_id_message_id"),
        ),
        sa.ForeignKeyConstraint(["organization_id"], ["organization.id"], name=op.f("fk_digest_organization_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_digest")),
        sa.UniqueConstraint("organization_id", "id", name=op.f("uq_digest_organization_id_id")),
        sa.UniqueConstraint("organization_id", "member_id", "week_on", name="uq_digest_once_a_week"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_digest_message_id", "digest", ["organization_id", "message_id"], unique=False)

    op.create_table(
        "batched_renewal",
        sa.Column("batch_id", ID, nullable=False),
        sa.Column("certification_id", ID, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("organization_id", ID, nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id", "batch_id"],
            ["renewal_batch.organization_id", "renewal_batch.id"],
            name=op.f("fk_batched_renewal_organization_id_batch_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "certification_id"],
            ["certification.organization_id", "certification.id"],
            name=op.f("fk_batched_renewal_organization_id_certification_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name=op.f("fk_batched_renewal_organization_id")
        ),
        sa.PrimaryKeyConstraint("batch_id", "certification_id", name=op.f("pk_batched_renewal")),
    )
    op.create_index(
        "ix_batched_renewal_certification_id", "batched_renewal", ["organization_id", "certification_id"], unique=False
    )

    op.create_table(
        "reminder",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("certification_id", ID, nullable=False),
        sa.Column("member_id", ID, nullable=False),
        sa.Column("expires_on", sa.Date(), nullable=False),
        sa.Column("stage", sa.Integer(), nullable=True),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("audience", sa.String(length=10), nullable=False),
        sa.Column("created_at", Instant(timezone=True), nullable=False),
        sa.Column("acknowledged_at", Instant(timezone=True), nullable=True),
        sa.Column("organization_id", ID, nullable=False),
        sa.CheckConstraint("audience IN ('member', 'reviewers')", name=op.f("ck_reminder_audience_is_known")),
        sa.ForeignKeyConstraint(
            ["organization_id", "certification_id"],
            ["certification.organization_id", "certification.id"],
            name=op.f("fk_reminder_organization_id_certification_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "member_id"],
            ["member.organization_id", "member.id"],
            name=op.f("fk_reminder_organization_id_member_id"),
        ),
        sa.ForeignKeyConstraint(["organization_id"], ["organization.id"], name=op.f("fk_reminder_organization_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reminder")),
        sa.UniqueConstraint(
            "organization_id", "certification_id", "expires_on", "due_on", name="uq_reminder_sent_once"
        ),
        sa.UniqueConstraint("organization_id", "id", name=op.f("uq_reminder_organization_id_id")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_reminder_created_at", "reminder", ["organization_id", "created_at", "id"], unique=False)
    op.create_index("ix_reminder_member_id", "reminder", ["organization_id", "member_id", "id"], unique=False)

    op.create_table(
        "renewal_proposal",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("member_id", ID, nullable=False),
        sa.Column("certification_id", ID, nullable=False),
        sa.Column("number", sa.String(length=255), nullable=False),
        sa.Column("issued_on", sa.Date(), nullable=True),
        sa.Column("expires_on", sa.Date(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("created_at", Instant(timezone=True), nullable=False),
        sa.Column("announced_at", Instant(timezone=True), nullable=True),
        sa.Column("administrator_id", ID, nullable=True),
        sa.Column("decided_at", Instant(timezone=True), nullable=True),
        sa.Column("decided_by_id", ID, nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("renewal_id", ID, nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("organization_id", ID, nullable=False),
        sa.CheckConstraint(
            "(state = 'accepted') = (renewal_id IS NOT NULL)", name=op.f("ck_renewal_proposal_renewed_iff_accepted")
        ),
        sa.CheckConstraint(
            "(state = 'proposed') = (decided_at IS NULL) AND (decided_at IS NULL) = (decided_by_id IS NULL)",
            name=op.f("ck_renewal_proposal_decided_iff_not_proposed"),
        ),
        sa.CheckConstraint(
            "reason <> '' OR state <> 'declined'", name=op.f("ck_renewal_proposal_declined_with_a_reason")
        ),
        sa.CheckConstraint(
            "state IN ('proposed', 'accepted', 'declined', 'withdrawn')",
            name=op.f("ck_renewal_proposal_state_is_known"),
        ),
        sa.CheckConstraint(
            "issued_on IS NULL OR issued_on <= expires_on", name=op.f("ck_renewal_proposal_issued_before_it_expires")
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "administrator_id"],
            ["member.organization_id", "member.id"],
            name=op.f("fk_renewal_proposal_organization_id_administrator_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "certification_id"],
            ["certification.organization_id", "certification.id"],
            name=op.f("fk_renewal_proposal_organization_id_certification_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "decided_by_id"],
            ["member.organization_id", "member.id"],
            name=op.f("fk_renewal_proposal_organization_id_decided_by_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "member_id"],
            ["member.organization_id", "member.id"],
            name=op.f("fk_renewal_proposal_organization_id_member_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "renewal_id"],
            ["certification.organization_id", "certification.id"],
            name=op.f("fk_renewal_proposal_organization_id_renewal_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name=op.f("fk_renewal_proposal_organization_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_renewal_proposal")),
        sa.UniqueConstraint("organization_id", "id", name=op.f("uq_renewal_proposal_organization_id_id")),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_renewal_proposal_administrator_id",
        "renewal_proposal",
        ["organization_id", "administrator_id"],
        unique=False,
    )
    op.create_index(
        "ix_renewal_proposal_certification_id",
        "renewal_proposal",
        ["organization_id", "certification_id"],
        unique=False,
    )
    op.create_index(
        "ix_renewal_proposal_decided_by_id", "renewal_proposal", ["organization_id", "decided_by_id"], unique=False
    )
    op.create_index(
        "ix_renewal_proposal_member_id", "renewal_proposal", ["organization_id", "member_id", "id"], unique=False
    )
    op.create_index(
        "ix_renewal_proposal_renewal_id", "renewal_proposal", ["organization_id", "renewal_id"], unique=False
    )
    op.create_index(
        "ix_renewal_proposal_state", "renewal_proposal", ["organization_id", "state", "created_at", "id"], unique=False
    )
    op.create_index(
        "uq_renewal_proposal_one_at_a_time",
        "renewal_proposal",
        ["organization_id", "certification_id"],
        unique=True,
        sqlite_where=sa.text("state = 'proposed'"),
        postgresql_where=sa.text("state = 'proposed'"),
    )

    op.create_table(
        "snooze",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("certification_id", ID, nullable=False),
        sa.Column("until_on", sa.Date(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("by_id", ID, nullable=False),
        sa.Column("created_at", Instant(timezone=True), nullable=False),
        sa.Column("ended_at", Instant(timezone=True), nullable=True),
        sa.Column("organization_id", ID, nullable=False),
        sa.CheckConstraint("reason <> ''", name=op.f("ck_snooze_has_a_reason")),
        sa.ForeignKeyConstraint(
            ["organization_id", "by_id"],
            ["member.organization_id", "member.id"],
            name=op.f("fk_snooze_organization_id_by_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "certification_id"],
            ["certification.organization_id", "certification.id"],
            name=op.f("fk_snooze_organization_id_certification_id"),
        ),
        sa.ForeignKeyConstraint(["organization_id"], ["organization.id"], name=op.f("fk_snooze_organization_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_snooze")),
        sa.UniqueConstraint("organization_id", "id", name=op.f("uq_snooze_organization_id_id")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_snooze_by_id", "snooze", ["organization_id", "by_id"], unique=False)
    op.create_index("ix_snooze_certification_id", "snooze", ["organization_id", "certification_id"], unique=False)
    op.create_index(
        "uq_snooze_one_at_a_time",
        "snooze",
        ["organization_id", "certification_id"],
        unique=True,
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    )

    op.create_table(
        "proof",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("member_id", ID, nullable=False),
        sa.Column("certification_id", ID, nullable=True),
        sa.Column("external_certificate_id", ID, nullable=True),
        sa.Column("transcript_id", ID, nullable=True),
        sa.Column("salt", sa.String(length=32), nullable=False),
        sa.Column("code_digest", sa.String(length=64), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("created_at", Instant(timezone=True), nullable=False),
        sa.Column("withdrawn_at", Instant(timezone=True), nullable=True),
        sa.Column("seen", sa.Integer(), nullable=False),
        sa.Column("last_seen_at", Instant(timezone=True), nullable=True),
        sa.Column("organization_id", ID, nullable=False),
        sa.CheckConstraint(
            "(CASE WHEN certification_id IS NULL THEN 0 ELSE 1 END) + (CASE WHEN external_certificate_id IS NULL THEN 0 ELSE 1 END) + (CASE WHEN transcript_id IS NULL THEN 0 ELSE 1 END) = 1",
            name=op.f("ck_proof_proves_exactly_one_record"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "certification_id"],
            ["certification.organization_id", "certification.id"],
            name=op.f("fk_proof_organization_id_certification_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "external_certificate_id"],
            ["external_certificate.organization_id", "external_certificate.id"],
            name=op.f("fk_proof_organization_id_external_certificate_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "member_id"],
            ["member.organization_id", "member.id"],
            name=op.f("fk_proof_organization_id_member_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "transcript_id"],
            ["transcript.organization_id", "transcript.id"],
            name=op.f("fk_proof_organization_id_transcript_id"),
        ),
        sa.ForeignKeyConstraint(["organization_id"], ["organization.id"], name=op.f("fk_proof_organization_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_proof")),
        sa.UniqueConstraint("code_digest", name=op.f("uq_proof_code_digest")),
        sa.UniqueConstraint("organization_id", "id", name=op.f("uq_proof_organization_id_id")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_proof_certification_id", "proof", ["organization_id", "certification_id"], unique=False)
    op.create_index(
        "ix_proof_external_certificate_id", "proof", ["organization_id", "external_certificate_id"], unique=False
    )
    op.create_index("ix_proof_member_id", "proof", ["organization_id", "member_id", "id"], unique=False)
    op.create_index("ix_proof_transcript_id", "proof", ["organization_id", "transcript_id"], unique=False)
    _prove_transcripts()

    op.create_table(
        "reminder_message",
        sa.Column("reminder_id", ID, nullable=False),
        sa.Column("message_id", ID, nullable=False),
        sa.Column("organization_id", ID, nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id", "message_id"],
            ["message.organization_id", "message.id"],
            name=op.f("fk_reminder_message_organization_id_message_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "reminder_id"],
            ["reminder.organization_id", "reminder.id"],
            name=op.f("fk_reminder_message_organization_id_reminder_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name=op.f("fk_reminder_message_organization_id")
        ),
        sa.PrimaryKeyConstraint("reminder_id", "message_id", name=op.f("pk_reminder_message")),
    )
    op.create_index(
        "ix_reminder_message_message_id", "reminder_message", ["organization_id", "message_id"], unique=False
    )


def _prove_transcripts() -> None:
    """Codes that were printed before stay valid for five years from their day. They cannot be shown again: no salt."""
    columns = ("organization_id", "member_id", "code_digest", "created_at")
    typed = {"created_at": Instant(timezone=True), "made_on": sa.Date(), "ends_on": sa.Date()}
    transcript = sa.table("transcript", *(sa.column(name, typed.get(name)) for name in ("id", "made_on", *columns)))
    more = ("transcript_id", "salt", "ends_on", "seen")
    proof = sa.table("proof", *(sa.column(name, typed.get(name)) for name in (*columns, *more)))
    rows = op.get_bind().execute(sa.select(transcript)).mappings()
    for batch in iter(lambda: rows.fetchmany(1000), []):
        proofs = [
            {name: row[name] for name in columns}
            | {"transcript_id": row["id"], "salt": "", "ends_on": row["made_on"] + relativedelta(years=5), "seen": 0}
            for row in batch
        ]
        op.bulk_insert(proof, proofs)


def downgrade() -> None:
    """Before this migration there were no files of proposals and no such messages."""
    unguard_decisions()
    op.execute("DELETE FROM scan WHERE renewal_proposal_id IS NOT NULL")
    with op.batch_alter_table("scan", table_kwargs={"sqlite_autoincrement": True}) as batch_op:
        batch_op.drop_constraint("fk_scan_organization_id_renewal_proposal_id", type_="foreignkey")
        batch_op.drop_constraint(batch_op.f("ck_scan_belongs_to_exactly_one_record"), type_="check")
        batch_op.drop_index("uq_scan_proposed_once")
        batch_op.drop_index("ix_scan_renewal_proposal_id")
        batch_op.drop_column("renewal_proposal_id")
        batch_op.create_check_constraint(batch_op.f("ck_scan_belongs_to_exactly_one_record"), ONE_OF_TWO)
    for table, column in (
        ("organization", "digest_weekday"),
        ("organization", "reminds_at"),
        ("certification_type", "members_propose_renewals"),
        ("certification_type", "stages_set_on"),
    ):
        op.execute(f"ALTER TABLE {table} DROP COLUMN {column}")
    for table in TABLES:
        op.drop_table(table)
    op.execute(f"DELETE FROM message WHERE {_kinds(*NEW_KINDS)}")  # noqa: S608  # because: no input is in it
    with op.batch_alter_table("message") as batch_op:
        batch_op.drop_constraint(batch_op.f("uq_message_organization_id_id"), type_="unique")
        batch_op.drop_constraint(batch_op.f("ck_message_kind_is_known"), type_="check")
        batch_op.create_check_constraint(batch_op.f("ck_message_kind_is_known"), _kinds(*OLD_KINDS))
    guard_decisions()


def _false() -> str:
    return "0" if op.get_bind().dialect.name == "sqlite" else "false"


def _kinds(*kinds: str) -> str:
    return "kind IN ({})".format(", ".join(f"'{kind}'" for kind in kinds))
