"""Evaluations that end at any write, before or after it, and are repeated: no notice is lost or sent twice."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from alert_shop import alerts, enable, open_shop, sources
from alert_values import NOON

from tillstream.adapters.local.clock import ManualClock
from tillstream.alerts import records
from tillstream.alerts.evaluation import evaluate_rules
from tillstream.app import App
from tillstream.operations import message_queues
from tillstream.ports.bus import DeadLetter, Message
from tillstream.ports.documents import Put

QUEUES = ("batches", "objects", "receive")


class Crash(BaseException):
    """The end of the process."""


def break_at(app: App, write: int, *, is_written: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the process end at its n-th write of documents, after or before it."""
    put_all, count = app.ports.documents.put_all, 0

    def counted(puts: Sequence[Put]) -> Any:
        nonlocal count
        count += 1
        if count == write and not is_written:
            raise Crash
        written = put_all(puts)
        if count == write:
            raise Crash
        return written

    monkeypatch.setattr(app.ports.documents, "put_all", counted)


def letters(app: App) -> None:
    for queue in QUEUES:
        letter = DeadLetter(queue, queue, "batch-events", Message(b"{}", {}), NOON, NOON, 9, "late")
        message_queues.store_dead_letter(app.ports, letter)


def notices(app: App) -> list[tuple[str, str]]:
    return sorted(
        (one.data["alert_id"], one.data["kind"]) for one in app.ports.documents.find(records.NOTICES_COLLECTION)
    )


def wait(app: App, minutes: int) -> None:
    assert isinstance(app.ports.clock, ManualClock)
    app.ports.clock.advance(minutes * 60)


@pytest.mark.parametrize("is_written", [False, True])
@pytest.mark.parametrize("write", [1, 3, 8, 10, 12])
def test_each_event_is_notified_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, write: int, *, is_written: bool
) -> None:
    app = open_shop(tmp_path)
    enable(app, "dead-letters")
    break_at(app, write, is_written=is_written, monkeypatch=monkeypatch)
    steps: list[Callable[[], object]] = [
        lambda: letters(app),
        lambda: evaluate_rules(sources(app)),
        lambda: message_queues.resend_dead_letters(app.ports, QUEUES, "boss"),
        lambda: evaluate_rules(sources(app)),
        lambda: wait(app, 15),
        lambda: evaluate_rules(sources(app)),
    ]
    crashes = 0
    for step in steps:
        try:
            step()
        except Crash:
            crashes += 1
            step()
    assert crashes == 1
    assert alerts(app) == []
    kinds = [kind for _, kind in notices(app)]
    assert (kinds.count("opened"), kinds.count("ended")) == (len(QUEUES), len(QUEUES))
    assert len({alert for alert, _ in notices(app)}) == len(QUEUES)
    app.close()
