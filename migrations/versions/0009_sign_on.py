"""Signing in with an organization's own provider.

Revision: 0009, after 0008
"""

import sqlalchemy as sa
from alembic import op

from records.models.base import Instant

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    _make_sign_on()
    _make_sign_on_identity()
    number = "INTEGER" if op.get_bind().dialect.name == "sqlite" else "BIGINT"
    op.execute(
        f"ALTER TABLE sign_in ADD COLUMN came_through_id {number}"
        " CONSTRAINT fk_sign_in_came_through_id REFERENCES organization (id)"
    )


def downgrade() -> None:
    """Sessions that came through a provider end with what bounds them."""
    op.execute("UPDATE sign_in SET ended_at = last_seen_at WHERE came_through_id IS NOT NULL AND ended_at IS NULL")
    op.execute("ALTER TABLE sign_in DROP COLUMN came_through_id")
    op.drop_table("sign_on_identity")
    op.drop_table("sign_on")


def _make_sign_on() -> None:
    op.create_table(
        "sign_on",
        sa.Column("organization_id", ID, nullable=False),
        sa.Column("address", sa.String(60), nullable=False),
        sa.Column("issuer", sa.String(255), nullable=False),
        sa.Column("client_id", sa.String(255), nullable=False),
        sa.Column("sealed_secret", sa.Text(), nullable=False),
        sa.Column("button", sa.String(80), nullable=False),
        sa.Column("role_claim", sa.String(80), nullable=False),
        sa.Column("role_values", sa.JSON(), nullable=False),
        sa.Column("is_on", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["organization_id"], ["organization.id"], name="fk_sign_on_organization_id"),
        sa.PrimaryKeyConstraint("organization_id", name="pk_sign_on"),
        sa.UniqueConstraint("address", name="uq_sign_on_address"),
    )


def _make_sign_on_identity() -> None:
    op.create_table(
        "sign_on_identity",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("organization_id", ID, nullable=False),
        sa.Column("account_id", ID, nullable=False),
        sa.Column("issuer", sa.String(255), nullable=False),
        sa.Column("subject", sa.String(255), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name="fk_sign_on_identity_account_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["organization_id"], ["organization.id"], name="fk_sign_on_identity_organization_id"),
        sa.PrimaryKeyConstraint("id", name="pk_sign_on_identity"),
        sa.UniqueConstraint(
            "organization_id", "issuer", "account_id", name="uq_sign_on_identity_organization_id_issuer_account_id"
        ),
        sa.UniqueConstraint(
            "organization_id", "issuer", "subject", name="uq_sign_on_identity_organization_id_issuer_subject"
        ),
        sa.UniqueConstraint("organization_id", "id", name="uq_sign_on_identity_organization_id_id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_sign_on_identity_account_id", "sign_on_identity", ["account_id"])
