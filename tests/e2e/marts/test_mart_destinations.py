"""Destinations of the marts: a database and a folder are written when they are due, and what fails is retried."""

import threading
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from app_factory import build
from connectors.rows.postgresql_server import postgresql_server
from connectors.rows.postgresql_server import shop as database

from tests.e2e.marts.copied_shop import Copies, copies
from tests.e2e.marts.exported_shop import line, manifest, sell
from tillstream.adapters.local.clock import ManualClock
from tillstream.app import App, mart_destinations
from tillstream.commands.registry import COMMANDS
from tillstream.commands.result import FAILED, quiet
from tillstream.model.errors import NotFound, Rejected
from tillstream.server import worker
from tillstream.settings import Settings

__all__ = ["copies", "database", "postgresql_server"]
DAY = timedelta(days=1).total_seconds()


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(datetime(2026, 8, 1, 6, tzinfo=UTC))


@pytest.fixture
def shop(tmp_path: Path, clock: ManualClock) -> Iterator[App]:
    settings = Settings(home=tmp_path / "home", samples=False, threads=1, reporting_currency="INR")
    with closing(build(settings, clock)) as app:
        sell(app, tmp_path, line(1, "03-05-2026"))
        yield app


def command(app: App, name: str, /, **arguments: Any) -> Any:
    return COMMANDS[f"marts-destinations{name}"](app, quiet, **arguments).data


def due(app: App) -> list[str]:
    return [one["name"] for one in command(app, "-run-due")]


def test_a_folder_is_written_each_day_and_what_it_lacks_is_shown(shop: App, clock: ManualClock, tmp_path: Path) -> None:
    added = command(shop, "-add", name="lake", to=str(tmp_path / "marts"))
    assert (added["done_at"], added["behind_settlements"]) == ("", 1)
    assert (due(shop), due(shop)) == (["lake"], [])
    sell(shop, tmp_path, line(2, "10-06-2026"))
    (one,) = command(shop, "")
    assert (one["settlement_no"], one["behind_settlements"]) == (1, 1)
    assert manifest(tmp_path)["settlement_no"] == 1
    clock.advance(DAY)
    assert due(shop) == ["lake"]
    (one,) = command(shop, "")
    assert (one["settlement_no"], one["behind_settlements"]) == (2, 0)
    assert manifest(tmp_path)["settlement_no"] == 2


def test_a_destination_after_settlements_is_written_once_for_each(
    shop: App, clock: ManualClock, tmp_path: Path
) -> None:
    command(shop, "-add", name="lake", to=str(tmp_path / "marts"), every="settlement")
    assert due(shop) == ["lake"]
    clock.advance(60)
    assert due(shop) == []
    sell(shop, tmp_path, line(2, "10-06-2026"))
    assert (due(shop), due(shop)) == (["lake"], [])


def test_a_failure_is_noted_and_retried_and_others_are_written(shop: App, clock: ManualClock, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "letter.txt").write_text("Dear Sir")
    command(shop, "-add", name="a-wrong", to=str(tmp_path / "other"))
    command(shop, "-add", name="lake", to=str(tmp_path / "marts"))
    result = COMMANDS["marts-destinations-run-due"](shop, quiet)
    assert result.code == FAILED
    assert [(one["name"], bool(one["error"])) for one in result.data] == [("a-wrong", True), ("lake", False)]
    assert due(shop) == []
    (tmp_path / "other" / "letter.txt").unlink()
    clock.advance(60)
    assert due(shop) == ["a-wrong"]
    assert not any(one["error"] for one in command(shop, ""))


def test_a_defect_is_noted_too_so_that_it_is_not_repeated_at_once(
    shop: App, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    command(shop, "-add", name="lake", to=str(tmp_path / "marts"))
    monkeypatch.setattr(mart_destinations, "export_marts_to", lambda *_, **_options: 1 / 0)
    with pytest.raises(ExceptionGroup) as raised:
        mart_destinations.run_due_destinations(shop)
    assert [type(error) for error in raised.value.exceptions] == [ZeroDivisionError]
    assert due(shop) == []
    assert command(shop, "")[0]["error"] == mart_destinations.UNEXPECTED_ERROR


def test_a_server_writes_what_is_due_and_leaves_it_when_it_stops(
    shop: App, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "DESTINATIONS_EVERY", 0.0)
    stopping = threading.Event()
    turn = worker.Schedules(shop, stopping).turns()["marts"]
    command(shop, "-add", name="lake", to=str(tmp_path / "marts"))
    stopping.set()
    turn()
    mart_destinations.run_mart_destination(shop, "lake", stopping=stopping)
    assert (command(shop, "")[0]["ran_at"], (tmp_path / "marts" / "manifest.json").exists()) == ("", False)
    stopping.clear()
    turn()
    assert manifest(tmp_path)["settlement_no"] == 1


def test_a_database_is_copied_with_the_password_by_reference(copies: Copies) -> None:
    command(copies.app, "-add", name="db", to=copies.url, password="file:copy", every="hour")
    (one,) = command(copies.app, "-run", name="db")
    assert (one["error"], one["schema"], one["behind_settlements"]) == ("", "tillstream", 0)
    assert copies.count() == 3
    (copies.folder / "home" / "secrets" / "copy").write_text("wrong")
    (one,) = command(copies.app, "-run", name="db")
    assert (one["failures"], one["settlement_no"]) == (1, 1)
    assert "password" in one["error"]
    assert copies.count() == 3


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"to": "postgresql://a:secret@db.example.com/sales"}, "contains a password"),
        ({"to": "postgresql://a@db.example.com/sales", "password": "secret"}, "by reference"),
        ({"to": "postgresql://a@db.example.com/sales", "format": "delta"}, "no format"),
        ({"to": "marts"}, "the whole path"),
        ({"to": "/data/marts", "password": "env:TILLSTREAM_SOURCE_X"}, "Only a database"),
        ({"to": "ftp://data/marts"}, "written to a folder"),
        ({"to": "/data/marts", "every": "week"}, "day, hour or settlement"),
    ],
)
def test_what_cannot_be_written_is_rejected_and_not_stored(shop: App, arguments: dict[str, str], message: str) -> None:
    with pytest.raises(Rejected, match=message) as raised:
        command(shop, "-add", name="lake", **arguments)
    assert "secret@" not in str(raised.value)
    assert command(shop, "") == []


def test_a_removed_destination_keeps_what_it_has(shop: App, tmp_path: Path) -> None:
    command(shop, "-add", name="lake", to=str(tmp_path / "marts"))
    due(shop)
    command(shop, "-remove", name="lake")
    assert (command(shop, ""), due(shop), manifest(tmp_path)["settlement_no"]) == ([], [], 1)
    for name in ("-remove", "-run"):
        with pytest.raises(NotFound, match="no destination lake"):
            command(shop, name, name="lake")


@pytest.mark.parametrize("removed_at", [1, 2])
def test_a_destination_that_is_removed_when_it_is_due_or_written_is_left_out(
    shop: App, tmp_path: Path, removed_at: int
) -> None:
    command(shop, "-add", name="lake", to=str(tmp_path / "marts"))

    class Removing(threading.Event):
        calls = 0

        def is_set(self) -> bool:
            self.calls += 1
            if self.calls == removed_at:
                command(shop, "-remove", name="lake")
            return False

    assert mart_destinations.run_due_destinations(shop, Removing()) == []
