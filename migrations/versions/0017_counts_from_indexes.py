"""What a page counts stands in an index: whose a certificate or certification is, and who is not active.

Revision: 0017, after 0016
"""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

_BY_DAY = "ix_certification_expires_on"
_LIVE = sa.text("deleted_at IS NULL")
_NOT_ACTIVE = sa.text("deactivated_at IS NOT NULL")


def upgrade() -> None:
    op.create_index(
        "ix_external_certificate_state_member", "external_certificate", ["organization_id", "state", "member_id"]
    )
    op.create_index(
        "ix_member_deactivated",
        "member",
        ["organization_id", "id"],
        sqlite_where=_NOT_ACTIVE,
        postgresql_where=_NOT_ACTIVE,
    )
    _by_day("organization_id", "expires_on", "id", "member_id", "type_id", "revoked_on")


def downgrade() -> None:
    _by_day("organization_id", "expires_on", "id")
    op.drop_index("ix_member_deactivated", table_name="member")
    op.drop_index("ix_external_certificate_state_member", table_name="external_certificate")


def _by_day(*columns: str) -> None:
    op.drop_index(_BY_DAY, table_name="certification")
    op.create_index(_BY_DAY, "certification", [*columns], sqlite_where=_LIVE, postgresql_where=_LIVE)
