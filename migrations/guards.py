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


def let_details_be_emptied_again(*, again: bool) -> None:
    """Of one event, first the values of who did it may have to go, later those of whom it is about."""
    name, on_table = "audit_detail_only_erased", "" if _on_sqlite() else " ON audit_detail"
    op.execute(f"DROP TRIGGER {name}{on_table}")
    once = "" if again else "old.erased_at IS NOT NULL OR "
    _stop(name, "audit_detail", "UPDATE",
          f"WHEN ({once}new.erased_at IS NULL OR new.event_id <> old.event_id OR {_replaced()})")  # fmt: skip


# What is decided stays: a revocation alone may be written on an approved certificate. Revisions and the ledger only
# grow. Bytes never change.
_FROZEN = "('withdrawn', 'declined', 'approved', 'revoked')"
_REVOKES = "(old.state = 'approved' AND new.state = 'revoked' AND NOT ({changed}))"
_CLAIM = (
    "id", "organization_id", "member_id", "credit_type_id", "title", "claimed_credits", "earned_on", "issuer", "number",
    "folded_number", "expires_on", "note", "submission_key", "copy_of_id", "created_at", "submitted_at", "announced_at",
    "decided_at", "decided_by_id", "reason", "awarded_credits", "certification_id",
)  # fmt: skip
_BYTES = ("id", "organization_id", "sha256", "key", "size", "kind")


def _frozen_scan(row: str) -> str:
    """Whether the scan in `row` (old or new) is a file of a certificate that is decided: the one certificate is looked
    up. With `IN`, both databases would gather all that are decided, for every scan that is written."""
    its = f"certificate.id = {row}.external_certificate_id AND certificate.state IN {_FROZEN}"
    return f"EXISTS (SELECT 1 FROM external_certificate AS certificate WHERE {its})"  # noqa: S608  # because: no input is in it


# The name of each trigger: its table, when it fires, and its condition ("" for always).
_STOPS = {
    "external_certificate_frozen": ("external_certificate", "UPDATE", f"old.state IN {_FROZEN} AND NOT {_REVOKES}"),
    "external_certificate_never_deleted": ("external_certificate", "DELETE", ""),
    "revision_never_changed": ("revision", "UPDATE", ""),
    "revision_never_deleted": ("revision", "DELETE", ""),
    "credit_entry_never_changed": ("credit_entry", "UPDATE", ""),
    "credit_entry_never_deleted": ("credit_entry", "DELETE", ""),
    "stored_file_never_changed": ("stored_file", "UPDATE", "{bytes_changed}"),
}
# These look into another table, which a trigger's own condition cannot do on PostgreSQL.
_SCAN_STOPS = {
    "scan_frozen_insert": ("INSERT", _frozen_scan("new")),
    "scan_frozen_update": ("UPDATE", _frozen_scan("old") + " OR " + _frozen_scan("new")),
    "scan_frozen_delete": ("DELETE", "old.deleted_at IS NULL AND " + _frozen_scan("old")),
}
_NEVER_EMPTIED = ("external_certificate", "revision", "credit_entry")

# Members who turn out to be one person are merged: then decided certificates and the ledger go over, the member
# alone changing, from the one to the other of a merge that stands. Undoing it brings them back while it stands.
_STANDING_MERGE = """EXISTS (SELECT 1 FROM member_merge AS joined
 WHERE joined.organization_id = old.organization_id AND joined.undone_at IS NULL
 AND ((joined.merged_id = old.member_id AND joined.kept_id = new.member_id)
 OR (joined.kept_id = old.member_id AND joined.merged_id = new.member_id)))"""
_GOES_OVER = {
    "external_certificate_frozen": (*_CLAIM, "state", "revoked_at", "revoked_by_id", "revoked_reason", "version"),
    "credit_entry_never_changed": (
        "id", "organization_id", "member_id", "credit_type_id", "external_certificate_id", "reverses_id", "kind",
        "amount", "counts_on", "created_at",
    ),
}  # fmt: skip

# Of a member who is erased the values that tell who they are become empty, "[erased]" where a text must stand. What was
# decided, when, by whom and for how many credits stays.
_STANDING_ERASURE = """EXISTS (SELECT 1 FROM erasure WHERE erasure.organization_id = old.organization_id
 AND erasure.member_id = {member_id})"""
_OF_CERTIFICATE = """(SELECT certificate.member_id FROM external_certificate AS certificate
 WHERE certificate.id = old.external_certificate_id)"""
_EMPTIED = {
    "external_certificate_frozen": (
        "old.member_id",
        (
            "id", "organization_id", "member_id", "credit_type_id", "claimed_credits", "earned_on", "expires_on",
            "submission_key", "copy_of_id", "created_at", "submitted_at", "announced_at", "decided_at",
            "decided_by_id", "awarded_credits", "certification_id", "state", "revoked_at", "revoked_by_id",
        ),
        "new.title = '[erased]' AND new.issuer = '' AND new.number = '' AND new.folded_number = '' AND new.note = ''"
        " AND new.reason = CASE old.reason WHEN '' THEN '' ELSE '[erased]' END"
        " AND new.revoked_reason = CASE old.revoked_reason WHEN '' THEN '' ELSE '[erased]' END",
    ),
    "revision_never_changed": (
        _OF_CERTIFICATE,
        (
            "id", "organization_id", "external_certificate_id", "number", "digest", "submitted_by_id",
            "administrator_id", "created_at",
        ),
        "{facts} = '{{}}' AND {files} = '[]'",
    ),
}  # fmt: skip


def guard_decisions(*, members_merge: bool = False, members_erased: bool = False) -> None:
    """`members_merge`: the table of merges stands, and what is decided follows a merge. `members_erased`: likewise
    that of erasures, and personal values of an erased member become empty."""
    for name, (table, action, condition) in _STOPS.items():
        when = condition.format(changed=_any_differs(_CLAIM + _answers()), bytes_changed=_any_differs(_BYTES))
        passes = [_goes_over(name)] if members_merge and name in _GOES_OVER else []
        if members_erased and name in _EMPTIED:
            passes.append(_emptied(name))
        if passes:
            _stop_by_look(name, table, action, f"({when or 'true'}) AND NOT ({' OR '.join(passes)})")
        else:
            _stop(name, table, action, f"WHEN ({when})" if when else "")
    for name, (action, condition) in _SCAN_STOPS.items():
        if members_erased and action == "DELETE":
            condition = f"({condition}) AND NOT {_STANDING_ERASURE.format(member_id=_OF_CERTIFICATE)}"
        _stop_by_look(name, "scan", action, condition)
    if not _on_sqlite():
        for table in _NEVER_EMPTIED:
            name = f"{table}_never_emptied"
            op.execute(f"CREATE TRIGGER {name} BEFORE TRUNCATE ON {table} EXECUTE FUNCTION refuse()")


def unguard_decisions() -> None:
    tables = {name: table for name, (table, _action, _condition) in _STOPS.items()} | dict.fromkeys(_SCAN_STOPS, "scan")
    if not _on_sqlite():
        tables |= {f"{table}_never_emptied": table for table in _NEVER_EMPTIED}
    for name, table in tables.items():
        op.execute(f"DROP TRIGGER {name}" + ("" if _on_sqlite() else f" ON {table}"))
    if not _on_sqlite():
        for name in (*_SCAN_STOPS, *_GOES_OVER, *_EMPTIED):
            op.execute(f"DROP FUNCTION IF EXISTS {name}()")


def _goes_over(name: str) -> str:
    """Whether nothing but the member changes, by a merge that stands."""
    same = tuple(column for column in _GOES_OVER[name] if column != "member_id")
    answers = _answers() if name == "external_certificate_frozen" else ()
    return f"(NOT ({_any_differs(same + answers)}) AND {_STANDING_MERGE})"


def _emptied(name: str) -> str:
    """Whether nothing but personal values changes, and they become empty, of a member who is erased."""
    member_id, same, empty = _EMPTIED[name]
    answers = _answers() if name == "external_certificate_frozen" else ()
    cast = "" if _on_sqlite() else "::text"
    empty = empty.format(facts=f"new.facts{cast}", files=f"new.files{cast}")
    erased = _STANDING_ERASURE.format(member_id=member_id)
    return f"(NOT ({_any_differs(same + answers)}) AND {empty} AND {erased})"


def _any_differs(columns: tuple[str, ...]) -> str:
    differs = "IS NOT" if _on_sqlite() else "IS DISTINCT FROM"
    return " OR ".join(f"old.{column} {differs} new.{column}" for column in columns)


def _answers() -> tuple[str, ...]:
    """PostgreSQL compares JSON as text only."""
    return ("answers",) if _on_sqlite() else ("answers::text",)


def _stop(name: str, table: str, action: str, when: str) -> None:
    if _on_sqlite():
        statement = f"CREATE TRIGGER {name} BEFORE {action} ON {table} {when} BEGIN SELECT RAISE(ABORT, '{name}'); END"
    else:
        statement = f"CREATE TRIGGER {name} BEFORE {action} ON {table} FOR EACH ROW {when} EXECUTE FUNCTION refuse()"
    op.execute(statement)


def _stop_by_look(name: str, table: str, action: str, condition: str) -> None:
    """One whose condition looks into another table."""
    if _on_sqlite():
        _stop(name, table, action, f"WHEN {condition}")
        return
    row = "old" if action == "DELETE" else "new"
    op.execute(
        f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF {condition} THEN"
        f" RAISE EXCEPTION '%', TG_NAME USING ERRCODE = 'restrict_violation'; END IF; RETURN {row}; END $$"
    )
    op.execute(f"CREATE TRIGGER {name} BEFORE {action} ON {table} FOR EACH ROW EXECUTE FUNCTION {name}()")


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
