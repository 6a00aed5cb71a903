"""What the virus scan says of a file, and whether a photo says where it was taken.

Revision: 0007, after 0006
"""

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_KINDS = (
    "invitation",
    "password_reset",
    "password_changed",
    "old_email_confirmation",
    "new_email_confirmation",
    "email_changed",
    "certificates_submitted",
    "changes_requested",
    "certificate_approved",
    "certificate_declined",
    "certificate_revoked",
    "certifications_expire",
    "weekly_digest",
    "renewals_proposed",
    "renewal_accepted",
    "renewal_declined",
    "second_factor_changed",
)
_NEW_KINDS = ("virus_found",)


def upgrade() -> None:
    """Each column with its checks in one stroke, so that SQLite need not make the table anew."""
    instant, false = ("DATETIME", "0") if _on_sqlite() else ("TIMESTAMP WITH TIME ZONE", "false")
    for column in (
        f"tells_place BOOLEAN NOT NULL DEFAULT {false}",
        "virus_scan VARCHAR(11) NOT NULL DEFAULT 'not_scanned' CONSTRAINT ck_stored_file_virus_scan_is_known"
        " CHECK (virus_scan IN ('not_scanned', 'unscanned', 'clean', 'infected'))",
        "virus VARCHAR(100) NOT NULL DEFAULT '' CONSTRAINT ck_stored_file_infected_by_a_virus"
        " CHECK ((virus_scan = 'infected') = (virus <> ''))",
        f"virus_scan_due_at {instant} CONSTRAINT ck_stored_file_unscanned_is_due"
        " CHECK ((virus_scan = 'unscanned') = (virus_scan_due_at IS NOT NULL))",
    ):
        op.execute(f"ALTER TABLE stored_file ADD COLUMN {column}")
    op.create_index("ix_stored_file_virus_scan", "stored_file", ["virus_scan", "virus_scan_due_at", "id"])
    _allow_messages(*_KINDS, *_NEW_KINDS)


def downgrade() -> None:
    op.execute(f"DELETE FROM message WHERE {_one_of(*_NEW_KINDS)}")  # noqa: S608  # because: no input is in it
    _allow_messages(*_KINDS)
    op.drop_index("ix_stored_file_virus_scan", "stored_file")
    for column in ("virus_scan_due_at", "virus", "virus_scan", "tells_place"):
        op.execute(f"ALTER TABLE stored_file DROP COLUMN {column}")


def _allow_messages(*kinds: str) -> None:
    with op.batch_alter_table("message") as batch_op:
        batch_op.drop_constraint(batch_op.f("ck_message_kind_is_known"), type_="check")
        batch_op.create_check_constraint(batch_op.f("ck_message_kind_is_known"), _one_of(*kinds))


def _one_of(*kinds: str) -> str:
    listed = ", ".join(f"'{kind}'" for kind in kinds)
    return f"kind IN ({listed})"


def _on_sqlite() -> bool:
    return op.get_bind().dialect.name == "sqlite"
