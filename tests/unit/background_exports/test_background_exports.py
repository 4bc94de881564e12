"""Exports in the background: progress, cancel, restart, the scope of their person, and the end of what is kept."""

from collections.abc import Callable, Iterator
from dataclasses import asdict, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import shop_of_two_stores

from tillstream.adapters.local.clock import ManualClock
from tillstream.app import App
from tillstream.app.outgoing_deliveries import subscribed_tables_source
from tillstream.delivery import background_exports, background_run
from tillstream.delivery.background_exports import (
    CANCELLED,
    DONE,
    FAILED,
    RUNNING,
    WAITING,
    BackgroundExport,
    scope_text,
)
from tillstream.model.columns import BY_NAME
from tillstream.model.errors import NotFound, Rejected, Unavailable
from tillstream.model.events import STAGING
from tillstream.model.permissions import Role
from tillstream.people import accounts
from tillstream.ports import Ports
from tillstream.records import audit_log

LINES = "/tables/sale-lines?from=2026-06-01&to=2026-06-30"
WIDE = "&column=".join([LINES, *BY_NAME])
AT_ONCE = timedelta()


@pytest.fixture
def app(tmp_path: Path) -> Iterator[App]:
    """Maya is a manager of one of two stores, Ana an analyst of everything."""
    opened = shop_of_two_stores.app(tmp_path)
    accounts.add_account(opened.ports, "maya", "Maya", Role.MANAGER, regions=("UK",), stores=("LDS1",))
    accounts.add_account(opened.ports, "ana", "Ana", Role.ANALYST)
    yield opened
    opened.close()


def _clock(app: App) -> ManualClock:
    assert isinstance(app.ports.clock, ManualClock)
    return app.ports.clock


def _add(app: App, login: str = "maya", suffix: str = "csv", address: str = LINES) -> str:
    user = accounts.get_user(app.ports, login)
    return background_exports.request_export(app.ports, user, "Sale lines", address, suffix, expected=100).id


def _run(app: App, **options: Any) -> list[str]:
    return background_run.run_due_exports(subscribed_tables_source(app), note_every=AT_ONCE, **options)


def _file(app: App, one: BackgroundExport) -> bytes:
    with app.ports.objects.open(STAGING, one.object_name) as stream:
        return stream.read()


def _files(app: App) -> list[str]:
    return [each.name for each in app.ports.objects.list(STAGING, "exports/")]


@pytest.mark.parametrize("suffix", ["csv", "xlsx", "parquet", "jsonl"])
def test_a_file_has_the_rows_that_its_person_may_see(app: App, suffix: str) -> None:
    own, whole = _add(app, "maya", suffix), _add(app, "ana", suffix)
    assert background_exports.has_due_exports(app.ports)
    assert _run(app) == []
    assert not background_exports.has_due_exports(app.ports)
    own_file, whole_file = (background_exports.get_export(app.ports, one) for one in (own, whole))
    assert (own_file.state, whole_file.state) == (DONE, DONE)
    assert 0 < own_file.rows < whole_file.rows
    assert own_file.bytes == len(_file(app, own_file))
    assert own_file.scope == scope_text(accounts.get_user(app.ports, "maya").scope) != whole_file.scope


def test_the_lines_are_those_of_the_scope(app: App) -> None:
    export_id = _add(app)
    _run(app)
    one = background_exports.get_export(app.ports, export_id)
    head, *lines = _file(app, one).decode().splitlines()
    place = head.split(",").index('"store_id"')
    assert {line.split(",")[place].strip('"') for line in lines} == {"LDS1"}


def test_a_run_notes_its_rows_and_ends_when_it_is_cancelled(app: App) -> None:
    export_id, noted = _add(app), list[BackgroundExport]()

    def cancel() -> None:
        noted.append(background_exports.get_export(app.ports, export_id))
        background_exports.cancel_export(app.ports, export_id, "maya")

    assert _run(app, renew=cancel) == []
    assert [(one.state, one.tries) for one in noted] == [(RUNNING, 1)]
    one = background_exports.get_export(app.ports, export_id)
    assert (one.state, one.rows, _files(app)) == (CANCELLED, 0, [])
    background_exports.retry_export(app.ports, export_id, "maya")
    _run(app)
    assert background_exports.get_export(app.ports, export_id).state == DONE
    kinds = [
        entry.what
        for entry in audit_log.find_entries(app.ports, audit_log.AuditFilter())
        if entry.what.startswith("export.")
    ]
    assert kinds == ["export.finished", "export.started", "export.cancelled", "export.started"]


@pytest.mark.parametrize("suffix", ["csv", "xlsx"])
def test_a_run_that_a_stop_ended_is_repeated(app: App, suffix: str) -> None:
    export_id, stops = _add(app, suffix=suffix), iter([False, True])
    assert _run(app, is_stopping=lambda: next(stops)) == []
    one = background_exports.get_export(app.ports, export_id)
    assert (one.state, one.tries, _files(app)) == (WAITING, 0, [])
    _run(app)
    assert background_exports.get_export(app.ports, export_id).state == DONE


def test_a_run_that_was_killed_is_repeated_and_fails_after_three(app: App) -> None:
    export_id = _add(app)
    for tries in range(1, background_exports.MAX_TRIES + 1):
        ((one, version),) = background_exports.due_exports(app.ports)
        claimed = background_exports.claim_export(app.ports, one, version)
        assert claimed is not None
        assert background_exports.claim_export(app.ports, one, version) is None
        assert (claimed.tries, background_exports.due_exports(app.ports)) == (tries, [])
        _clock(app).advance(background_exports.ALIVE_FOR.total_seconds())
    assert not _run(app)
    one = background_exports.get_export(app.ports, export_id)
    assert (one.state, one.error) == (FAILED, background_run.STOPPED)


def test_a_run_that_another_one_replaced_leaves_no_file(app: App) -> None:
    export_id = _add(app)

    def take() -> None:
        stored = background_exports.get_export(app.ports, export_id)
        app.ports.documents.put(background_exports.EXPORTS.name, export_id, asdict(replace(stored, claim="another")))

    assert _run(app, renew=take) == []
    assert (background_exports.get_export(app.ports, export_id).claim, _files(app)) == ("another", [])


def test_a_run_that_was_replaced_before_its_end_keeps_the_file_of_the_other_one(
    app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    export_id, turns, note = _add(app), iter([True]), background_exports.note_rows

    def stall(ports: Ports, claimed: BackgroundExport, rows: int) -> bool:
        is_its_own = note(ports, claimed, rows)
        if next(turns, False):
            _clock(app).advance(background_exports.ALIVE_FOR.total_seconds())
            assert _run(app) == []
        return is_its_own

    monkeypatch.setattr(background_exports, "note_rows", stall)
    assert background_run.run_due_exports(subscribed_tables_source(app), note_every=timedelta(days=1)) == []
    one = background_exports.get_export(app.ports, export_id)
    assert (one.state, one.tries, _files(app)) == (DONE, 2, [one.object_name])
    assert one.bytes == len(_file(app, one))


def test_the_file_of_a_run_that_was_killed_is_removed_by_the_next_one(app: App) -> None:
    _add(app)
    ((stored, version),) = background_exports.due_exports(app.ports)
    claimed = background_exports.claim_export(app.ports, stored, version)
    assert claimed
    with app.ports.objects.writer(STAGING, claimed.object_name) as out:
        out.write(b"content")
    _clock(app).advance(background_exports.ALIVE_FOR.total_seconds())
    assert _run(app) == []
    one = background_exports.get_export(app.ports, claimed.id)
    assert (one.state, _files(app)) == (DONE, [one.object_name])
    assert one.object_name != claimed.object_name


def test_files_are_removed_after_a_week(app: App) -> None:
    export_id = _add(app)
    _run(app)
    _clock(app).advance((background_exports.KEPT_FOR - timedelta(minutes=1)).total_seconds())
    _run(app)
    assert len(_files(app)) == 1
    _clock(app).advance(60)
    assert background_exports.has_due_exports(app.ports)
    _run(app)
    assert _files(app) == []
    with pytest.raises(NotFound):
        background_exports.get_export(app.ports, export_id)


def test_a_stop_while_an_export_is_removed_leaves_no_file(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    export_id, documents = _add(app), type(app.ports.documents)
    _run(app)
    with monkeypatch.context() as patched:
        patched.setattr(documents, "delete", _killed)
        with pytest.raises(KeyboardInterrupt):
            background_exports.remove_export(app.ports, export_id, "maya")
    assert _files(app) == []
    background_exports.remove_export(app.ports, export_id, "maya")


def _killed(*_: Any) -> None:
    raise KeyboardInterrupt


def test_what_cannot_be_written_fails_with_its_reason(app: App) -> None:
    missing, long = _add(app, address="/tables/sale-lines?region=ZZ"), _add(app, suffix="pdf", address=WIDE)
    stopped = _add(app, "ana")
    accounts.disable_account(app.ports, "ana", by="maya")
    assert _run(app) == []
    reasons = {one: background_exports.get_export(app.ports, one).error for one in (missing, long, stopped)}
    assert "ZZ" in reasons[missing]
    assert "columns do not fit on a page" in reasons[long]
    assert reasons[stopped] == accounts.ACCOUNT_STOPPED
    assert _files(app) == []


def test_an_unexpected_error_is_returned_and_one_of_a_service_is_tried_again(app: App) -> None:
    def fail(error: Exception) -> Callable[[], None]:
        def raise_it() -> None:
            raise error

        return raise_it

    export_id = _add(app)
    assert _run(app, renew=fail(Unavailable("BigQuery is not available."))) == []
    assert background_exports.get_export(app.ports, export_id).state == WAITING
    assert not background_exports.has_due_exports(app.ports)
    _clock(app).advance(background_run.RETRY_AFTER.total_seconds())
    (problem,) = _run(app, renew=fail(KeyError("x")))
    assert "KeyError" in problem
    one = background_exports.get_export(app.ports, export_id)
    assert (one.state, one.error) == (FAILED, background_run.BROKEN)


def test_only_tables_in_known_formats_and_a_few_at_once(app: App) -> None:
    for address, suffix in (("/catalogue", "csv"), (LINES, "exe"), (LINES + "x" * 5000, "csv")):
        with pytest.raises(Rejected):
            _add(app, address=address, suffix=suffix)
    for _ in range(background_exports.MAX_OPEN):
        _add(app)
    with pytest.raises(Rejected, match="At most 5 of your exports"):
        _add(app)


def test_an_account_of_the_same_name_inherits_nothing(app: App) -> None:
    _add(app)
    user = accounts.get_user(app.ports, "maya")
    assert len(background_exports.list_exports(app.ports, user)) == 1
    assert background_exports.list_exports(app.ports, replace(user, created_at="2030-01-01T00:00:00+00:00")) == []
