"""The statements of the limit, by hand. `?` marks a value; `{match}` is the database's own way to find a part of a
word."""

from __future__ import annotations

_OURS = "organization_id = 1"
_MEMBER = "m.id, m.number, m.family_name, m.given_name, m.email, u.name, m.role, m.joined_on"
_PEOPLE = f"SELECT {_MEMBER} FROM member m LEFT JOIN unit u ON u.id = m.unit_id"
_MEMBERS = f"{_PEOPLE} WHERE m.{_OURS} AND m.deactivated_at IS NULL"
_HELD = (
    "SELECT c.id, c.number, m.family_name, m.given_name, m.number, t.name, c.issued_on, c.expires_on"
    f" FROM certification c JOIN member m ON m.id = c.member_id JOIN certification_type t ON t.id = c.type_id"
    f" WHERE c.{_OURS} AND c.deleted_at IS NULL AND c.revoked_on IS NULL AND c.expires_on >= ? AND c.expires_on <= ?"
)
_COURSE = "e.id, e.title, e.issuer, m.family_name, m.given_name, m.number, e.earned_on, e.expires_on, e.submitted_at"

STATEMENTS = {
    "user": "SELECT 1 FROM member WHERE id = ? AND deactivated_at IS NULL",
    "members": f"{_MEMBERS} ORDER BY m.sort_name, m.id LIMIT 51",
    "members_by_joining": f"{_MEMBERS} ORDER BY m.joined_on DESC, m.id DESC LIMIT 51",
    "members_of_unit": f"{_MEMBERS} AND m.unit_id = ? ORDER BY m.joined_on DESC, m.id DESC LIMIT 51",
    "members_after": f"{_MEMBERS} AND (m.sort_name, m.id) > (?, ?) ORDER BY m.sort_name, m.id LIMIT 51",
    "members_found": f"{_MEMBERS} AND m.id IN ({{match}}) ORDER BY m.sort_name, m.id LIMIT 51",
    "member": f"{_PEOPLE} WHERE m.id = ?",
    "held": (
        "SELECT c.id, t.name, c.number, c.issued_on, c.expires_on, c.revoked_on FROM certification c"
        f" JOIN certification_type t ON t.id = c.type_id WHERE c.{_OURS} AND c.member_id = ? AND c.deleted_at IS NULL"
        " ORDER BY c.expires_on DESC"
    ),
    "courses": (
        "SELECT id, title, issuer, earned_on, state FROM external_certificate"
        f" WHERE {_OURS} AND member_id = ? ORDER BY earned_on DESC LIMIT 51"
    ),
    "entries": (
        "SELECT n.id, t.name, n.kind, n.amount, n.counts_on FROM credit_entry n"
        f" JOIN credit_type t ON t.id = n.credit_type_id WHERE n.{_OURS} AND n.member_id = ?"
        " ORDER BY n.counts_on DESC LIMIT 51"
    ),
    "sums": (
        f"SELECT credit_type_id, sum(amount) FROM credit_entry WHERE {_OURS} AND member_id = ? GROUP BY credit_type_id"
    ),
    "queue": (
        f"SELECT {_COURSE} FROM external_certificate e JOIN member m ON m.id = e.member_id"
        f" WHERE e.{_OURS} AND e.state = 'pending' ORDER BY e.submitted_at, e.id LIMIT 51"
    ),
    "course": (
        f"SELECT {_COURSE}, e.member_id FROM external_certificate e JOIN member m ON m.id = e.member_id WHERE e.id = ?"
    ),
    "file": (
        "SELECT f.key FROM scan s JOIN stored_file f ON f.id = s.stored_file_id WHERE s.id = ? AND s.deleted_at IS NULL"
    ),
    "files": (
        "SELECT s.id, s.name, f.sha256, f.size FROM scan s JOIN stored_file f ON f.id = s.stored_file_id"
        f" WHERE s.{_OURS} AND s.external_certificate_id = ? AND s.deleted_at IS NULL ORDER BY s.id"
    ),
    "expiring": f"{_HELD} ORDER BY c.expires_on, c.id LIMIT 51",
    "expired": f"{_HELD} ORDER BY c.expires_on DESC, c.id DESC LIMIT 51",
    "how_many": (
        f"SELECT count(*) FROM (SELECT 1 FROM certification WHERE {_OURS} AND deleted_at IS NULL"
        " AND expires_on >= ? AND expires_on <= ? LIMIT 1001) few"
    ),
    "waiting": (
        "SELECT count(*), min(submitted_at) FROM (SELECT submitted_at FROM external_certificate"
        f" WHERE {_OURS} AND state = 'pending' ORDER BY submitted_at LIMIT 1001) few"
    ),
    "demands": (
        "SELECT r.id, r.name, t.type_id FROM requirement r"
        f" JOIN requirement_type t ON t.requirement_id = r.id WHERE r.{_OURS}"
    ),
    "held_by_many": (
        "SELECT member_id, type_id, max(expires_on) FROM certification"
        f" WHERE {_OURS} AND deleted_at IS NULL AND revoked_on IS NULL AND member_id IN (%s)"
        " GROUP BY member_id, type_id"
    ),
}
FOUND_BY_SQLITE = "SELECT rowid FROM member_search WHERE search_text MATCH ? LIMIT 1000"
FOUND_BY_POSTGRESQL = "SELECT id FROM member WHERE search_text LIKE ? LIMIT 1000"
