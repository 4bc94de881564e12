"""What commands print is what is so: about a server, queues and held files, and the measure of a forecast's error."""

from typing import Any

import pytest

from tillstream.commands.forecast import show_accuracy
from tillstream.commands.ingest import ROW_COUNTS
from tillstream.commands.maintenance import show_status
from tillstream.commands.review import show_replay_preview

EMPTY = dict.fromkeys(("ready", "leased", "delayed", "dead"), 0)


def status(capsys: pytest.CaptureFixture[str], queue: dict[str, Any], **data: Any) -> str:
    queues = [{"subscription": "objects"} | EMPTY | queue]
    shown = {"home": "/home", "as_of": None, "lines": 0, "batches": {}, "has_worker": False, "losses": []}
    show_status(**(shown | {"queues": queues} | data))
    return capsys.readouterr().out


def test_a_server_that_does_not_run_is_named_beside_empty_queues(capsys: pytest.CaptureFixture[str]) -> None:
    words = status(capsys, {})
    assert ("Queues: empty" in words, "No server is running.\n" in words) == (True, True)
    assert "No server" not in status(capsys, {}, has_worker=True)


def test_a_sweep_is_advised_for_what_it_processes(capsys: pytest.CaptureFixture[str]) -> None:
    assert "No server is running. `tillstream sweep` processes what is ready" in status(capsys, {"ready": 2})
    assert "sweep" not in status(capsys, {"dead": 2})
    words = status(capsys, {"subscription": "webhook-3", "ready": 9})
    assert "No server is running. Only `tillstream serve` sends the events of webhooks.\n" in words
    both = [{"subscription": name} | EMPTY | {"ready": 1} for name in ("batches", "webhook-3")]
    words = status(capsys, {}, queues=both)
    assert "or `tillstream serve`. Only `tillstream serve` sends the events of webhooks.\n" in words


def test_lengths_that_are_not_known_are_not_empty(capsys: pytest.CaptureFixture[str]) -> None:
    words = status(capsys, dict.fromkeys(EMPTY), has_worker=True)
    assert ("empty" in words, "Queues: their lengths are not known here" in words) == (False, True)


def test_held_batches_are_named_as_missing_in_the_numbers(capsys: pytest.CaptureFixture[str]) -> None:
    words = status(capsys, {}, batches={"held": 2, "announced": 1})
    assert "2 batches are held and not in the numbers. `tillstream receipts` shows why." in words


@pytest.mark.parametrize(
    ("grain", "naive"), [("day", "the same weekday a week before"), ("week", "the same week a year before")]
)
def test_the_error_is_compared_with_the_season_of_the_forecast(
    capsys: pytest.CaptureFixture[str], grain: str, naive: str
) -> None:
    window = {"target": "units", "level": "total", "cutoff_date": None, "relative_mae": 0.5, "points": 4}
    show_accuracy(run={"grain": grain}, windows=[window])
    assert f"error of the forecast ÷ that of {naive}. Below 1 is better." in capsys.readouterr().out


def test_the_nets_of_a_preview_are_rounded_in_their_currency(capsys: pytest.CaptureFixture[str]) -> None:
    side = {
        "contract": "sales",
        "contract_version": 1,
        "rows": dict.fromkeys(("read", *ROW_COUNTS)),
        "holds": [],
        "error": "",
    }
    nets = [[{"currency": "KWD", "net": "1234.5678"}, {"currency": "JPY", "net": "98765.4"}], []]
    before, after = (side | {"amounts": amounts} for amounts in nets)
    received = dict.fromkeys(("before", "after"), "2026-07-01T08:00:00+00:00")
    data = {"file": "sales.csv", "received": received, "before": before, "after": after, "changes": {}}
    show_replay_preview(**data)
    words = capsys.readouterr().out
    assert "net 1,234.568 → 0.000 KWD" in words
    assert "net 98,765 → 0 JPY" in words
