"""Since when an organization's first steps are put away.

Revision: 0005, after 0004
"""

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    kind = "DATETIME" if op.get_bind().dialect.name == "sqlite" else "TIMESTAMP WITH TIME ZONE"
    op.execute(f"ALTER TABLE organization ADD COLUMN first_steps_put_away_at {kind}")


def downgrade() -> None:
    op.execute("ALTER TABLE organization DROP COLUMN first_steps_put_away_at")
