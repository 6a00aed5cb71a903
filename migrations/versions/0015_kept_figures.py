"""Figures over many members are counted by a job and kept.

Revision: 0015, after 0014
"""

import sqlalchemy as sa
from alembic import op

from records.models.base import Instant

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    big = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "kept_figures",
        sa.Column("id", big, autoincrement=True, nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("question", sa.JSON(), nullable=False),
        sa.Column("figures", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("counted_at", Instant(timezone=True), nullable=True),
        sa.Column("asked_at", Instant(timezone=True), nullable=False),
        sa.Column("wanted", sa.Boolean(), nullable=False),
        sa.Column("organization_id", big, nullable=False),
        sa.CheckConstraint("(figures IS NULL) = (counted_at IS NULL)", name=op.f("ck_kept_figures_counted_at_a_time")),
        sa.ForeignKeyConstraint(["organization_id"], ["organization.id"],
                                name=op.f("fk_kept_figures_organization_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_kept_figures")),
        sa.UniqueConstraint("organization_id", "id", name=op.f("uq_kept_figures_organization_id_id")),
        sa.UniqueConstraint("organization_id", "key", name="uq_kept_figures_kept_once"),
        sqlite_autoincrement=True,
    )  # fmt: skip
    op.create_index("ix_kept_figures_wanted", "kept_figures", ["wanted", "asked_at"])


def downgrade() -> None:
    op.drop_table("kept_figures")
