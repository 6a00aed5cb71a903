"""Lists and reports that are written to workbooks in the background.

Revision: 0012, after 0011
"""

import sqlalchemy as sa
from alembic import op

from records.models.base import Instant

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    big = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "list_export",
        sa.Column("id", big, autoincrement=True, nullable=False),
        sa.Column("member_id", big, nullable=False),
        sa.Column("page", sa.String(length=40), nullable=False),
        sa.Column("asked", sa.JSON(), nullable=False),
        sa.Column("language", sa.String(length=20), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("run", sa.String(length=40), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("rows_done", sa.Integer(), nullable=False),
        sa.Column("rows_total", sa.Integer(), nullable=True),
        sa.Column("failure", sa.String(length=20), nullable=False),
        sa.Column("rights", sa.String(length=64), nullable=False),
        sa.Column("file_name", sa.String(length=255), nullable=False),
        sa.Column("stored_file_id", big, nullable=True),
        sa.Column("created_at", Instant(timezone=True), nullable=False),
        sa.Column("finished_at", Instant(timezone=True), nullable=True),
        sa.Column("expires_at", Instant(timezone=True), nullable=False),
        sa.Column("organization_id", big, nullable=False),
        sa.CheckConstraint("state IN ('waiting', 'running', 'done', 'failed', 'cancelled')",
                           name=op.f("ck_list_export_state_is_known")),
        sa.CheckConstraint("(state = 'done') = (stored_file_id IS NOT NULL)",
                           name=op.f("ck_list_export_done_with_a_file")),
        sa.CheckConstraint("(state IN ('done', 'failed', 'cancelled')) = (finished_at IS NOT NULL)",
                           name=op.f("ck_list_export_finished_at_a_time")),
        sa.ForeignKeyConstraint(["organization_id", "member_id"], ["member.organization_id", "member.id"],
                                name=op.f("fk_list_export_organization_id_member_id")),
        sa.ForeignKeyConstraint(["organization_id", "stored_file_id"],
                                ["stored_file.organization_id", "stored_file.id"],
                                name=op.f("fk_list_export_organization_id_stored_file_id")),
        sa.ForeignKeyConstraint(["organization_id"], ["organization.id"],
                                name=op.f("fk_list_export_organization_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_list_export")),
        sa.UniqueConstraint("organization_id", "id", name=op.f("uq_list_export_organization_id_id")),
        sqlite_autoincrement=True,
    )  # fmt: skip
    op.create_index("ix_list_export_member_id", "list_export", ["organization_id", "member_id", "created_at"])
    op.create_index("ix_list_export_stored_file_id", "list_export", ["organization_id", "stored_file_id"])
    op.create_index("ix_list_export_expires_at", "list_export", ["expires_at"])
    op.create_index("ix_list_export_state", "list_export", ["state", "id"])


def downgrade() -> None:
    op.drop_table("list_export")
