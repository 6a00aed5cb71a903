"""Search index and triggers, per database: what tables alone cannot say.

A batch migration on SQLite drops a table's triggers in silence. Migrations that rebuild a guarded table
call `guard` again; a test compares all triggers after every way up and down.
"""

from __future__ import annotations

from alembic import op

_SEARCH_SQLITE = """
CREATE VIRTUAL TABLE member_search USING fts5(search_text, content='member', content_rowid='id', tokenize='trigram');
CREATE TRIGGER member_search_insert AFTER INSERT ON member BEGIN
  INSERT INTO member_search(rowid, search_text) VALUES (new.id, new.search_text);
END;
CREATE TRIGGER member_search_delete AFTER DELETE ON member BEGIN
  INSERT INTO member_search(member_search, rowid, search_text) VALUES ('delete', old.id, old.search_text);
END;
CREATE TRIGGER member_search_update AFTER UPDATE OF search_text ON member BEGIN
  INSERT INTO member_search(member_search, rowid, search_text) VALUES ('delete', old.id, old.search_text);
  INSERT INTO member_search(rowid, search_text) VALUES (new.id, new.search_text);
END;
"""

_SEARCH_POSTGRESQL = """
CREATE EXTENSION IF NOT EXISTS pg_trgm;
CREATE INDEX ix_member_search_text ON member USING gin (search_text gin_trgm_ops);
"""

# The audit trail only grows. Sealing fills its columns at one stroke, once; erasure may empty values of a
# detail, once, and never gives them another content.
_AUDIT_SQLITE = """
CREATE TRIGGER audit_event_only_sealed BEFORE UPDATE ON audit_event
WHEN old.sealed_at IS NOT NULL OR {unsealed} OR {changed}
BEGIN SELECT RAISE(ABORT, 'audit_event_only_sealed'); END;
CREATE TRIGGER audit_event_never_deleted BEFORE DELETE ON audit_event
BEGIN SELECT RAISE(ABORT, 'audit_event_never_deleted'); END;
CREATE TRIGGER audit_detail_only_erased BEFORE UPDATE ON audit_detail
WHEN old.erased_at IS NOT NULL OR new.erased_at IS NULL OR new.event_id <> old.event_id OR {replaced}
BEGIN SELECT RAISE(ABORT, 'audit_detail_only_erased'); END;
CREATE TRIGGER audit_detail_never_deleted BEFORE DELETE ON audit_detail
BEGIN SELECT RAISE(ABORT, 'audit_detail_never_deleted'); END;
"""

_AUDIT_POSTGRESQL = """
CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION '%', TG_NAME USING ERRCODE = 'restrict_violation'; END $$;
CREATE TRIGGER audit_event_only_sealed BEFORE UPDATE ON audit_event FOR EACH ROW
WHEN (old.sealed_at IS NOT NULL OR {unsealed} OR {changed}) EXECUTE FUNCTION refuse();
CREATE TRIGGER audit_event_never_deleted BEFORE DELETE ON audit_event FOR EACH ROW EXECUTE FUNCTION refuse();
CREATE TRIGGER audit_detail_only_erased BEFORE UPDATE ON audit_detail FOR EACH ROW
WHEN (old.erased_at IS NOT NULL OR new.erased_at IS NULL OR new.event_id <> old.event_id OR {replaced})
EXECUTE FUNCTION refuse();
CREATE TRIGGER audit_detail_never_deleted BEFORE DELETE ON audit_detail FOR EACH ROW EXECUTE FUNCTION refuse();
CREATE TRIGGER audit_event_never_emptied BEFORE TRUNCATE ON audit_event EXECUTE FUNCTION refuse();
CREATE TRIGGER audit_detail_never_emptied BEFORE TRUNCATE ON audit_detail EXECUTE FUNCTION refuse();
"""

_KEPT = (
    "id", "organization_id", "at", "kind", "actor_kind", "actor_member_id", "administrator_id", "account_id",
    "subject_kind", "subject_id", "member_id", "request_id", "once_key", "detail_digest",
)  # fmt: skip

_UNSEALED = "new.sealed_at IS NULL OR new.sequence IS NULL OR new.hash IS NULL"
_WORDS, _FIELDS = ("salt", "actor_name", "administrator_name", "address"), ("before", "after")


def _changed(differs: str) -> str:
    return " OR ".join(f"old.{column} {differs} new.{column}" for column in _KEPT)


def _replaced() -> str:
    """Whether a value of a detail becomes another one, other than empty."""
    cast = "" if _on_sqlite() else "::text"
    words = [f"(new.{column} <> '' AND new.{column} <> old.{column})" for column in _WORDS]
    fields = [f"(new.{column}{cast} <> '{{}}' AND new.{column}{cast} <> old.{column}{cast})" for column in _FIELDS]
    return " OR ".join(words + fields)


def guard_members() -> None:
    """Search by any part of a name, number or address."""
    _run(_SEARCH_SQLITE if _on_sqlite() else _SEARCH_POSTGRESQL)


def unguard_members() -> None:
    if _on_sqlite():
        for action in ("insert", "delete", "update"):
            op.execute(f"DROP TRIGGER member_search_{action}")
        op.execute("DROP TABLE member_search")
    else:
        op.execute("DROP INDEX ix_member_search_text")


def guard_audit() -> None:
    if _on_sqlite():
        _run(_AUDIT_SQLITE.format(changed=_changed("IS NOT"), unsealed=_UNSEALED, replaced=_replaced()))
    else:
        changed = _changed("IS DISTINCT FROM")
        _run(_AUDIT_POSTGRESQL.format(changed=changed, unsealed=_UNSEALED, replaced=_replaced()))


def unguard_audit() -> None:
    for table, ends in (
        ("audit_event", ("only_sealed", "never_deleted")),
        ("audit_detail", ("only_erased", "never_deleted")),
    ):
        for end in ends:
            op.execute(f"DROP TRIGGER {table}_{end}" + ("" if _on_sqlite() else f" ON {table}"))
        if not _on_sqlite():
            op.execute(f"DROP TRIGGER {table}_never_emptied ON {table}")
    if not _on_sqlite():
        op.execute("DROP FUNCTION refuse()")


def _on_sqlite() -> bool:
    return op.get_bind().dialect.name == "sqlite"


def _run(script: str) -> None:
    """Each statement by itself: a statement ends where a line ends in ";" and no body is open."""
    statement = ""
    for line in script.strip().splitlines():
        statement += line + "\n"
        if line.endswith(";") and statement.count("BEGIN") == statement.count("END"):
            op.execute(statement.replace(":", "\\:"))
            statement = ""
