"""The order of files of one name: an older one never replaces a newer one; and the end of their content."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from app_factory import build

from tillstream.adapters.local.clock import ManualClock
from tillstream.adapters.local.files.destination_folders import DeliveryFolder
from tillstream.app import App, outgoing_deliveries
from tillstream.delivery import file_deliveries
from tillstream.delivery.file_deliveries import NewFileDelivery
from tillstream.delivery.file_destinations import FileDestinationDraft
from tillstream.model.errors import NotFound, Rejected, Unavailable
from tillstream.model.events import STAGING
from tillstream.records.outbox import FAILED, SENT, SUPERSEDED, WAITING
from tillstream.settings import Settings

OLDER, NEWER = "2", "1"
"""Keys of two deliveries, whose IDs are in the opposite order."""


@pytest.fixture
def app(tmp_path: Path) -> Iterator[App]:
    clock = ManualClock(datetime(2026, 7, 1, 7, tzinfo=UTC))
    opened = build(Settings(home=tmp_path / "home", samples=False, threads=1), clock)
    outgoing_deliveries.add_file_destination(opened, FileDestinationDraft("bi", str(folder_of(opened))), "boss")
    yield opened
    opened.close()


def folder_of(app: App) -> Path:
    return app.settings.home.absolute() / "deliveries" / "bi"


def later(app: App, by: timedelta = timedelta(minutes=2)) -> None:
    assert isinstance(app.ports.clock, ManualClock)
    app.ports.clock.advance(by.total_seconds())


def add(app: App, key: str, *, keeps: bool = False) -> NewFileDelivery:
    new = NewFileDelivery(key, "bi", "stores.csv", "maya", "Stores", keeps=keeps, stamp=key)
    assert file_deliveries.add_file(app.ports, new, [key.encode()])
    return new


def states(app: App) -> dict[str, str]:
    """By the key of the delivery."""
    stored = {one.id: one.state for one in file_deliveries.list_file_deliveries(app.ports)}
    return {
        key: stored[one] for key in (OLDER, NEWER) if (one := NewFileDelivery(key, *[""] * 4, False, "").id) in stored
    }


def files(app: App) -> dict[str, str]:
    return {path.name: path.read_text() for path in folder_of(app).iterdir()}


def failing(error: Exception) -> Any:
    def put(*_: Any, **_named: Any) -> None:
        raise error

    return put


def test_a_file_that_waits_does_not_replace_a_newer_one(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(DeliveryFolder, "put", failing(Unavailable("The disk does not answer.")))
        add(app, OLDER)
        outgoing_deliveries.send_waiting_files(app)
    later(app, timedelta(seconds=30))
    add(app, NEWER)
    assert outgoing_deliveries.send_waiting_files(app) == 1
    assert states(app) == {OLDER: WAITING, NEWER: SENT}
    later(app)
    assert outgoing_deliveries.send_waiting_files(app) == 0
    assert states(app) == {OLDER: SUPERSEDED, NEWER: SENT}
    assert files(app) == {"stores.csv": NEWER}
    assert list(app.ports.objects.list(STAGING, file_deliveries.FILES_FOLDER)) == []


@pytest.mark.parametrize("keeps", [False, True])
def test_files_that_are_due_at_once_are_delivered_in_the_order_in_which_they_were_made(app: App, keeps: bool) -> None:
    add(app, OLDER, keeps=keeps)
    later(app)
    add(app, NEWER, keeps=keeps)
    outgoing_deliveries.send_waiting_files(app)
    if keeps:
        assert states(app) == {OLDER: SENT, NEWER: SENT}
        assert files(app)["stores.csv"] == OLDER
    else:
        assert states(app) == {OLDER: SUPERSEDED, NEWER: SENT}
        assert files(app) == {"stores.csv": NEWER}


def test_a_file_that_failed_is_not_tried_again_over_a_newer_one(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(DeliveryFolder, "put", failing(Rejected("The folder cannot be written.")))
        older = add(app, OLDER)
        outgoing_deliveries.send_waiting_files(app)
    assert states(app) == {OLDER: FAILED}
    later(app)
    add(app, NEWER)
    outgoing_deliveries.send_waiting_files(app)
    file_deliveries.retry_file(app.ports, older.id, by="maya")
    outgoing_deliveries.send_waiting_files(app)
    assert states(app) == {OLDER: SUPERSEDED, NEWER: SENT}
    assert files(app) == {"stores.csv": NEWER}


def content(app: App) -> list[str]:
    return [one.name for one in app.ports.objects.list(STAGING, file_deliveries.FILES_FOLDER)]


def test_the_content_of_a_file_that_failed_is_removed_after_a_month(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(DeliveryFolder, "put", failing(Rejected("The folder cannot be written.")))
    one = add(app, OLDER)
    outgoing_deliveries.send_waiting_files(app)
    later(app, file_deliveries.KEPT - timedelta(minutes=1))
    outgoing_deliveries.send_waiting_files(app)
    assert len(content(app)) == 1
    assert not outgoing_deliveries.may_messages_be_due(app)
    later(app, timedelta(minutes=1))
    assert outgoing_deliveries.may_messages_be_due(app)
    outgoing_deliveries.send_waiting_files(app)
    assert content(app) == []
    assert not outgoing_deliveries.may_messages_be_due(app)
    with pytest.raises(Rejected, match="was removed"):
        file_deliveries.retry_file(app.ports, one.id, by="maya")
    with pytest.raises(NotFound):
        file_deliveries.retry_file(app.ports, "other", by="maya")


def test_a_stop_after_a_delivery_leaves_no_content(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    def killed(*_: Any) -> None:
        raise KeyboardInterrupt

    add(app, OLDER)
    with monkeypatch.context() as patched:
        patched.setattr(type(app.ports.objects), "delete", killed)
        with pytest.raises(KeyboardInterrupt):
            outgoing_deliveries.send_waiting_files(app)
    assert states(app) == {OLDER: SENT}
    assert outgoing_deliveries.may_messages_be_due(app)
    assert outgoing_deliveries.send_waiting_files(app) == 0
    assert content(app) == []
