"""Sealing audit events: what waits is found at once, numbers count once also where there is no organization, and every
question that the trail's page asks has an index.

Revision: 0008, after 0007
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_INDEXES = {
    "uq_audit_event_sequence_without_organization": (["sequence"], "organization_id IS NULL"),
    "ix_audit_event_waiting": (["organization_id", "id"], "sequence IS NULL"),
    "ix_audit_event_newest": (["organization_id", "id"], None),
    "ix_audit_event_kind": (["organization_id", "kind", "id"], None),
    "ix_audit_event_record": (["organization_id", "subject_kind", "id"], None),
    "ix_audit_event_actor": (["organization_id", "actor_member_id", "id"], None),
    "ix_audit_event_administrator": (["organization_id", "administrator_id", "id"], "administrator_id IS NOT NULL"),
}


def upgrade() -> None:
    for name, (columns, where) in _INDEXES.items():
        some = {} if where is None else {"sqlite_where": sa.text(where), "postgresql_where": sa.text(where)}
        op.create_index(name, "audit_event", columns, unique=name.startswith("uq_"), **some)


def downgrade() -> None:
    for name in _INDEXES:
        op.drop_index(name, table_name="audit_event")
