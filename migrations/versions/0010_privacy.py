"""Erased members, how long records are kept, and registers whose file is kept no longer.

Revision: 0010, after 0009
"""

import sqlalchemy as sa
from alembic import op

from migrations.guards import guard_decisions, let_details_be_emptied_again, unguard_decisions
from records.models.base import Instant

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
PERIODS = ("erase_members_years", "remove_scans_years", "empty_views_months")


def upgrade() -> None:
    unguard_decisions()
    kind = "DATETIME" if op.get_bind().dialect.name == "sqlite" else "TIMESTAMP WITH TIME ZONE"
    op.execute(f"ALTER TABLE member ADD COLUMN erased_at {kind}")
    for name in PERIODS:
        check = f"CONSTRAINT ck_organization_{name}_is_a_period CHECK ({name} BETWEEN 1 AND 1200)"
        op.execute(f"ALTER TABLE organization ADD COLUMN {name} INTEGER {check}")
    op.create_table(
        "erasure",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("member_id", ID, nullable=False),
        sa.Column("erased_at", Instant(timezone=True), nullable=False),
        sa.Column("erased_by_id", ID, nullable=True),
        sa.Column("reason", sa.String(length=12), nullable=False),
        sa.Column("counts", sa.JSON(), nullable=False),
        sa.Column("organization_id", ID, nullable=False),
        sa.CheckConstraint("reason IN ('asked', 'not_needed', 'retention')", name=op.f("ck_erasure_reason_is_known")),
        sa.ForeignKeyConstraint(
            ["organization_id", "erased_by_id"],
            ["member.organization_id", "member.id"],
            name=op.f("fk_erasure_organization_id_erased_by_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "member_id"],
            ["member.organization_id", "member.id"],
            name=op.f("fk_erasure_organization_id_member_id"),
        ),
        sa.ForeignKeyConstraint(["organization_id"], ["organization.id"], name=op.f("fk_erasure_organization_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_erasure")),
        sa.UniqueConstraint("organization_id", "id", name=op.f("uq_erasure_organization_id_id")),
        sa.UniqueConstraint("organization_id", "member_id", name=op.f("uq_erasure_organization_id_member_id")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_erasure_erased_by_id", "erasure", ["organization_id", "erased_by_id"])
    with op.batch_alter_table("register_import", table_kwargs={"sqlite_autoincrement": True}) as batch_op:
        batch_op.alter_column("stored_file_id", existing_type=ID, nullable=True)
    let_details_be_emptied_again(again=True)
    guard_decisions(members_merge=True, members_erased=True)


def downgrade() -> None:
    """A register whose file is gone cannot stand before this: what came of it stays, the register goes."""
    unguard_decisions()
    gone = "SELECT id FROM register_import WHERE stored_file_id IS NULL"
    op.execute(f"UPDATE certification SET import_id = NULL WHERE import_id IN ({gone})")  # noqa: S608  # because: no input is in it
    op.execute("DELETE FROM register_import WHERE stored_file_id IS NULL")
    with op.batch_alter_table("register_import", table_kwargs={"sqlite_autoincrement": True}) as batch_op:
        batch_op.alter_column("stored_file_id", existing_type=ID, nullable=False)
    let_details_be_emptied_again(again=False)
    op.drop_table("erasure")
    for name in PERIODS:
        op.execute(f"ALTER TABLE organization DROP COLUMN {name}")
    op.execute("ALTER TABLE member DROP COLUMN erased_at")
    guard_decisions(members_merge=True)
