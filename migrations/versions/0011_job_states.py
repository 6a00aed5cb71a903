"""How background work stands, for all workers and the back office.

Revision: 0011, after 0010
"""

import sqlalchemy as sa
from alembic import op

from records.models.base import Instant

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "job_state",
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("place", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("due_at", Instant(timezone=True), nullable=False),
        sa.Column("wanted", sa.Boolean(), nullable=False),
        sa.Column("run", sa.String(length=40), nullable=False),
        sa.Column("held_until", Instant(timezone=True), nullable=True),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=True),
        sa.Column("began_at", Instant(timezone=True), nullable=True),
        sa.Column("ended_at", Instant(timezone=True), nullable=True),
        sa.Column("succeeded_at", Instant(timezone=True), nullable=True),
        sa.Column("failed_at", Instant(timezone=True), nullable=True),
        sa.Column("failure", sa.String(length=20), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.CheckConstraint("(run = '') = (held_until IS NULL)", name=op.f("ck_job_state_held_by_a_run")),
        sa.PrimaryKeyConstraint("name", "place", name=op.f("pk_job_state")),
    )


def downgrade() -> None:
    op.drop_table("job_state")
