"""The language that a member chose.

Revision: 0004, after 0003
"""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_TAG = (
    f"length(language) >= 2 AND ltrim(substr(language, 1, 2), '{_LETTERS}') = ''"
    f" AND ltrim(substr(language, 3), '-0123456789{_LETTERS}{_LETTERS.upper()}') = ''"
)


def upgrade() -> None:
    """With its check in one stroke, so that SQLite need not make a large table anew."""
    op.execute(
        f"ALTER TABLE member ADD COLUMN language VARCHAR(12) CONSTRAINT ck_member_language_is_a_tag CHECK ({_TAG})"
    )


def downgrade() -> None:
    op.execute("ALTER TABLE member DROP COLUMN language")
