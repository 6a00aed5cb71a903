"""Second factors: their secrets and recovery codes, sign-ins that still owe a code, and when a password was confirmed.

Revision: 0006, after 0005
"""

import sqlalchemy as sa
from alembic import op

from records.models.base import Instant

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
OLD_KINDS = (
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
)
NEW_KIND = "second_factor_changed"


def upgrade() -> None:
    _create_tables()
    no = "0" if op.get_bind().dialect.name == "sqlite" else "false"
    op.execute(f"ALTER TABLE organization ADD COLUMN requires_second_factor BOOLEAN NOT NULL DEFAULT {no}")
    with op.batch_alter_table("sign_in") as batch_op:
        batch_op.add_column(sa.Column("confirmed_at", Instant(timezone=True), nullable=True))
    op.execute("UPDATE sign_in SET confirmed_at = created_at")
    with op.batch_alter_table("sign_in") as batch_op:
        batch_op.alter_column("confirmed_at", existing_type=Instant(timezone=True), nullable=False)
    _let_messages_be(*OLD_KINDS, NEW_KIND)


def _create_tables() -> None:
    op.create_table(
        "second_factor",
        sa.Column("account_id", ID, autoincrement=False, nullable=False),
        sa.Column("sealed_secret", sa.Text(), nullable=False),
        sa.Column("begun_at", Instant(timezone=True), nullable=False),
        sa.Column("on_since", Instant(timezone=True), nullable=True),
        sa.Column("last_step", sa.BigInteger(), nullable=False),
        _of_an_account("second_factor"),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_second_factor")),
    )
    op.create_table(
        "recovery_code",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("account_id", ID, nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("used_at", Instant(timezone=True), nullable=True),
        _of_an_account("recovery_code"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recovery_code")),
        sa.UniqueConstraint("account_id", "digest", name=op.f("uq_recovery_code_account_id_digest")),
    )
    op.create_table(
        "halfway_sign_in",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("token_digest", sa.String(length=64), nullable=False),
        sa.Column("account_id", ID, nullable=False),
        sa.Column("expires_at", Instant(timezone=True), nullable=False),
        _of_an_account("halfway_sign_in"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_halfway_sign_in")),
        sa.UniqueConstraint("token_digest", name=op.f("uq_halfway_sign_in_token_digest")),
    )
    op.create_index("ix_halfway_sign_in_account_id", "halfway_sign_in", ["account_id"])


def _of_an_account(table: str) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_account_id")
    return sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=name, ondelete="CASCADE")


def _let_messages_be(*kinds: str) -> None:
    with op.batch_alter_table("message") as batch_op:
        batch_op.drop_constraint(batch_op.f("ck_message_kind_is_known"), type_="check")
        listed = ", ".join(f"'{kind}'" for kind in kinds)
        batch_op.create_check_constraint(batch_op.f("ck_message_kind_is_known"), f"kind IN ({listed})")


def downgrade() -> None:
    op.execute(f"DELETE FROM message WHERE kind = '{NEW_KIND}'")  # noqa: S608  # because: no input is in it
    _let_messages_be(*OLD_KINDS)
    with op.batch_alter_table("sign_in") as batch_op:
        batch_op.drop_column("confirmed_at")
    op.execute("ALTER TABLE organization DROP COLUMN requires_second_factor")
    for table in ("halfway_sign_in", "recovery_code", "second_factor"):
        op.drop_table(table)
