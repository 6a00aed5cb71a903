"""Whether a scan is a file of a certificate that is decided is asked of that one certificate.

The triggers gathered all certificates that are decided for each scan that was written: a tenth of a second where there
are 200,000. Their meaning stays, so going down leaves them.

Revision: 0014, after 0013
"""

from migrations.guards import guard_decisions, unguard_decisions

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    unguard_decisions()
    guard_decisions(members_merge=True, members_erased=True)


def downgrade() -> None:
    pass
