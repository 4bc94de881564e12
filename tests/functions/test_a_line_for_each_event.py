"""Each entry point logs one line for each event: function, type, outcome and seconds; also with nothing to do."""

import json
import sys
from collections.abc import Callable
from typing import Any

import pytest
from event_json import binary, message
from flask.testing import FlaskClient

from functions.events import NO_REASON
from infra.function import Scheduled
from infra.functions import FUNCTIONS
from tillstream.model.events import BATCH_SETTLED, BATCH_STAGED, MESSAGE_PUBLISHED, OBJECT_FINALIZED

Entry = Callable[[str], FlaskClient]
BY_CLOCK = [spec.name for spec in FUNCTIONS if any(isinstance(trigger, Scheduled) for trigger in spec.triggers)]
BY_EVENT = [spec.name for spec in FUNCTIONS if spec.triggers and spec.name not in BY_CLOCK]


@pytest.fixture(autouse=True)
def json_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TILLSTREAM_LOG_FORMAT", "json")


def handled(capfd: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    lines = [json.loads(line) for line in capfd.readouterr().err.splitlines() if line.startswith("{")]
    return [line for line in lines if line["event"] == "handled"]


@pytest.mark.parametrize("function", BY_CLOCK)
def test_a_call_by_the_clock_with_nothing_to_do_has_one_line(
    entry: Entry, function: str, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    client = entry(function)
    monkeypatch.setattr(sys.modules["main"], "STAGING_SECONDS", 0, raising=False)
    assert client.post("/").status_code == 200
    (line,) = handled(capfd)
    assert (line["function"], line["type"], line["outcome"]) == (function, "schedule", "done")
    assert 0 <= line["seconds"] < 60


@pytest.mark.parametrize("function", BY_EVENT)
def test_an_event_of_another_function_has_one_line(
    entry: Entry, function: str, capfd: pytest.CaptureFixture[str]
) -> None:
    type_ = BATCH_SETTLED if function == "settle" else BATCH_STAGED
    assert binary(entry(function), MESSAGE_PUBLISHED, message(type_, {"batch_id": "none"})) == 200
    (line,) = handled(capfd)
    assert (line["function"], line["type"], line["outcome"]) == (function, type_, "ignored")
    assert line["id"]
    assert 0 <= line["seconds"] < 60


def test_a_settlement_without_batches_has_one_line(entry: Entry, capfd: pytest.CaptureFixture[str]) -> None:
    assert binary(entry("settle"), MESSAGE_PUBLISHED, message(BATCH_STAGED, {"batch_id": "none"})) == 200
    (line,) = handled(capfd)
    assert (line["function"], line["outcome"]) == ("settle", "nothing waited")


def test_an_event_that_cannot_be_decoded_has_one_line_and_fails(
    entry: Entry, capfd: pytest.CaptureFixture[str]
) -> None:
    assert binary(entry("stage"), OBJECT_FINALIZED, {}) == 500
    (line,) = handled(capfd)
    assert (line["function"], line["outcome"]) == ("stage", "failed")
    assert "bucket" in line["reason"]


def test_an_event_that_is_given_up_untried_has_one_line(entry: Entry, capfd: pytest.CaptureFixture[str]) -> None:
    broken = {"bucket": "inbox", "name": "classic-models/a.csv", "generation": "x", "size": "3"}
    assert binary(entry("stage"), OBJECT_FINALIZED, broken, hours=7.5) == 200
    (line,) = handled(capfd)
    assert (line["function"], line["outcome"], line["reason"]) == ("stage", "failed", NO_REASON)


def test_a_call_by_the_clock_that_fails_has_one_line(
    entry: Entry, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    from tillstream.stock import stored_levels

    def broken(_: object) -> int:
        raise ValueError("no levels")

    client = entry("project")
    monkeypatch.setattr(stored_levels, "refresh_levels", broken)
    assert client.post("/").status_code == 500
    (line,) = handled(capfd)
    assert (line["function"], line["outcome"], line["reason"]) == ("project", "failed", "ValueError('no levels')")
