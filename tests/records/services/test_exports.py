"""Long lists as workbooks: begun, written once by whichever worker, kept for a day, for whoever asked."""

from __future__ import annotations

import zipfile
from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa

from records import clock, jobs
from records.database import db, found, lock, organization_scope, transaction
from records.errors import NotAllowed, NotFound, StorageFull
from records.errors.exports import ExportChanged, TooManyExports
from records.models import Actor, AuditEvent, ExportState, ListExport, Member, StoredFile
from records.queries.exports import own_export, own_exports
from records.services import export_writing, exports, files, members
from records.services.export_writing import write_exports
from records.services.sweeps import sweep_now
from records.storage import storage


def _begin(cast, who="ada", page="members", **asked):
    return exports.begin(page, asked, language="en", by=cast.actor(getattr(cast, who)))


def _now(export):
    db.session.rollback()
    return found(ListExport, export.id)


def _sheet(export) -> str:
    with storage().open(_now(export).stored_file.key) as stream, zipfile.ZipFile(stream) as book:
        return book.read("xl/worksheets/sheet1.xml").decode()


def _kinds():
    kinds = sa.select(AuditEvent.kind).where(AuditEvent.subject_kind == "list_export").order_by(AuditEvent.id)
    return [kind.removeprefix("list_export.") for kind in db.session.scalars(kinds)]


def test_an_export_waits_is_written_and_kept_for_a_day(cast):
    export = _begin(cast)
    assert (export.state, export.rows_total, export.file_name) == (ExportState.WAITING, None, "")
    assert jobs.how_many_wait(cast.fire.id)["write_exports"] == 1
    write_exports()
    export = _now(export)
    assert (export.state, export.rows_done, export.rows_total) == (ExportState.DONE, 6, 6)
    assert export.file_name == f"Members {clock.today(found(type(cast.fire), cast.fire.id)).isoformat()}.xlsx"
    assert export.expires_at - export.finished_at == timedelta(days=1)
    assert "Lindgren, Ada" in _sheet(export)
    assert jobs.how_many_wait(cast.fire.id)["write_exports"] == 0
    assert _kinds() == ["begun", "written"]
    write_exports()
    assert _kinds() == ["begun", "written"]


def test_it_holds_what_its_asker_may_see(cast):
    export = _begin(cast, "nora")
    write_exports()
    sheet = _sheet(export)
    assert "Miller, Max" in sheet
    assert "Söderström" not in sheet


def test_its_words_are_those_of_its_asker_and_its_times_those_of_the_organization(cast, app):
    with transaction():
        lock(cast.fire).time_zone = "Pacific/Kiritimati"
        found(Member, cast.max.id).last_seen_at = clock.now().replace(hour=13, minute=5)
    export = exports.begin("members", {}, language="es", by=cast.actor(cast.ada))
    write_exports()
    sheet = _sheet(export)
    assert "Nombre" in sheet
    assert "03:05" in sheet


def test_two_clicks_begin_one_export(cast):
    first, second = _begin(cast, role="member"), _begin(cast, role="member")
    assert first.id == second.id
    assert _begin(cast, role="administrator").id != first.id
    assert _begin(cast, "carl", role="member").id != first.id
    assert _kinds() == ["begun"] * 3


def test_nobody_fills_the_queue(cast):
    for number in range(exports.MOST):
        _begin(cast, search=f"a{number}")
    with pytest.raises(TooManyExports):
        _begin(cast, search="one more")
    assert _begin(cast, search="a0")


def test_who_may_not_see_a_list_begins_no_export_of_it(cast):
    with pytest.raises(NotAllowed):
        _begin(cast, "max")
    with pytest.raises(NotAllowed):
        _begin(cast, "nora", page="audit-trail")
    with pytest.raises(NotFound):
        _begin(cast, page="nothing")


def test_it_is_the_askers_alone(cast):
    export = _begin(cast)
    for other in ("carl", "max"):
        with pytest.raises((NotFound, NotAllowed)):
            own_export(export.id, by=cast.actor(getattr(cast, other)))
        with pytest.raises((NotFound, NotAllowed)):
            exports.cancel(export.id, by=cast.actor(getattr(cast, other)))
        with pytest.raises((NotFound, NotAllowed)):
            exports.again(export.id, by=cast.actor(getattr(cast, other)))
    with organization_scope(cast.clinic.id):
        ken = cast.actor(cast.ken)
        assert list(own_exports(by=ken)) == []
        with pytest.raises(NotFound):
            own_export(export.id, by=ken)
    assert [each.id for each in own_exports(by=cast.actor(cast.ada))] == [export.id]


def test_rights_are_those_at_the_time_of_writing(cast):
    gone, lesser = _begin(cast, "carl"), _begin(cast, "ada", page="audit-trail")
    members.deactivate(found(Member, cast.carl.id), by=cast.actor(cast.ada))
    with transaction():
        ada = lock(cast.ada)
        ada.role, ada.covers_organization = "training_coordinator", True
    write_exports()
    for export in (gone, lesser):
        assert (_now(export).state, _now(export).failure) == ("failed", "refused")


def test_a_cancelled_one_is_not_written_to_its_end(cast, monkeypatch):
    export, other = _begin(cast), _begin(cast, role="member")
    monkeypatch.setattr(export_writing, "_LOOK_EVERY", 1)
    monkeypatch.setattr(export_writing, "_TELL_EVERY", 0.0)
    told = export_writing._tell

    def cancelled_meanwhile(claimed, **values):
        if values.get("rows_done") == 2 and claimed.id == export.id:
            monkeypatch.setattr(export_writing, "_tell", told)
            _cancel_elsewhere(export.id)
        told(claimed, **values)

    monkeypatch.setattr(export_writing, "_tell", cancelled_meanwhile)
    write_exports()
    assert _now(export).state == ExportState.CANCELLED
    assert _now(export).stored_file_id is None
    assert _now(other).state == ExportState.DONE
    assert exports.again(export.id, by=cast.actor(cast.ada)).state == ExportState.WAITING
    with pytest.raises(ExportChanged):
        exports.again(export.id, by=cast.actor(cast.ada))
    write_exports()
    assert _now(export).state == ExportState.DONE
    with pytest.raises(ExportChanged):
        exports.cancel(export.id, by=cast.actor(cast.ada))


def _cancel_elsewhere(export_id):
    with db.engine.connect() as connection:
        connection = connection.execution_options(writes=True)
        with connection.begin():
            gone = sa.update(ListExport).where(ListExport.id == export_id)
            connection.execute(gone.values(state="cancelled", run="", finished_at=clock.now()))


def test_what_a_dead_worker_left_is_written_by_another(cast, monkeypatch):
    export = _begin(cast)

    class Killed(BaseException):
        """What nothing catches."""

    def killed(*_args, **_options):
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(export_writing, "write", killed)
        with pytest.raises(Killed):
            write_exports()
    assert (_now(export).state, _now(export).tries) == (ExportState.RUNNING, 1)
    stale = _now(export).run
    write_exports()
    export = _now(export)
    assert (export.state, export.tries) == (ExportState.DONE, 2)
    late = export_writing._Claimed(export.id, export.organization_id, stale)
    with pytest.raises(export_writing._Over):
        export_writing._tell(late, rows_done=1)  # the dead one, if it was only silent
    assert _kinds() == ["begun", "written"]


def test_what_kills_every_worker_ends(cast, monkeypatch):
    export = _begin(cast)
    with transaction():
        _now_locked = lock(export)
        _now_locked.tries = export_writing._TRIES
    write_exports()
    assert (_now(export).state, _now(export).failure) == ("failed", "cut_short")


def test_a_worker_that_is_told_to_stop_gives_it_back(cast, monkeypatch):
    export = _begin(cast)
    monkeypatch.setattr(export_writing, "_LOOK_EVERY", 1)
    over = iter([False, *[True] * 9])
    monkeypatch.setattr(jobs, "is_over", lambda: next(over))
    write_exports()
    assert (_now(export).state, _now(export).tries) == (ExportState.WAITING, 0)


@pytest.mark.parametrize(("raised", "failure"), [(StorageFull(), "storage_full"), (ValueError("?"), "unexpected")])
def test_a_failure_is_told_and_the_others_go_on(cast, monkeypatch, raised, failure):
    export, other, take_in = _begin(cast), _begin(cast, role="member"), files.take_in
    failing = iter([raised])

    def failing_once(*args, **options):
        for error in failing:
            raise error
        return take_in(*args, **options)

    monkeypatch.setattr(files, "take_in", failing_once)
    write_exports()
    assert (_now(export).state, _now(export).failure) == ("failed", failure)
    assert _now(other).state == ExportState.DONE


def test_its_file_goes_when_its_day_is_over(cast):
    export = _begin(cast)
    write_exports()
    key = _now(export).stored_file.key
    with clock.standing_at(clock.now() + timedelta(days=1, minutes=1)):
        assert list(own_exports(by=cast.actor(cast.ada))) == []
        assert sweep_now(by=Actor.job("sweep")).exports == 1
    assert db.session.scalar(sa.select(StoredFile).where(StoredFile.key == key)) is None
    assert key not in set(storage().keys_before((clock.now() + timedelta(days=1)).timestamp()))


def test_rights_tell_scopes_apart(cast):
    carl, nora = cast.actor(cast.carl), cast.actor(cast.nora)
    assert exports.rights_of(carl) != exports.rights_of(nora)
    assert exports.rights_of(nora) != exports.rights_of(replace(nora, reviews_by_grant=True))
    assert exports.rights_of(nora) == exports.rights_of(cast.actor(cast.nora))
