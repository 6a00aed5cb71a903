"""The members of a unit stand in an index in each order of their list, as all members do.

Revision: 0016, after 0015
"""

from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

_COLUMNS = ("folded_number", "joined_on", "last_seen_at")


def upgrade() -> None:
    for column in _COLUMNS:
        op.create_index(f"ix_member_unit_id_{column}", "member", ["organization_id", "unit_id", column, "id"])


def downgrade() -> None:
    for column in _COLUMNS:
        op.drop_index(f"ix_member_unit_id_{column}", table_name="member")
