"""Each index of scans by their record holds those scans alone that have such a record.

SQLite takes a short look at the start of an index to guess how many rows share a value. There stood all scans without
one, so it took the index for useless, and read every scan of an organization to find those of one certificate.

Revision: 0013, after 0012
"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

_COLUMNS = ("certification_id", "external_certificate_id", "renewal_proposal_id")


def upgrade() -> None:
    for column in _COLUMNS:
        there = sa.text(f"{column} IS NOT NULL")
        _make_anew(column, sqlite_where=there, postgresql_where=there)


def downgrade() -> None:
    for column in _COLUMNS:
        _make_anew(column)


def _make_anew(column: str, **where: sa.TextClause) -> None:
    op.drop_index(f"ix_scan_{column}", table_name="scan")
    op.create_index(f"ix_scan_{column}", "scan", ["organization_id", column], **where)
