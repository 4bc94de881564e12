"""What a till reports at once: damage of its outbox, times that are probably wrong, and values that are not valid."""

import json
import subprocess
import sys
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from store_server import SOLD_ON, Store, StoreServer, sale

from tillstream_till import Till
from tillstream_till.setup_code import encode
from tillstream_till.watched_folder import record_files

Run = Callable[..., tuple[int, str]]


def shifted(shift: timedelta) -> str:
    return (datetime.now().astimezone() + shift).isoformat()


@pytest.fixture
def damaged(ready: Run, folder: Path) -> Run:
    """A till whose outbox was truncated."""
    ready("record", stdin=json.dumps([sale(number) for number in range(50)]))
    with (folder / "outbox.sqlite").open("r+b") as stream:
        stream.truncate(5000)
    return ready


def test_recording_and_sending_show_the_notice_until_it_is_dismissed(damaged: Run, tmp_path: Path) -> None:
    (tmp_path / "drop").mkdir()
    for arguments in (("record",), ("record", "--json"), ("send",), ("watch", str(tmp_path / "drop"), "--once")):
        out = damaged(*arguments, stdin=json.dumps(sale("after")))[1]
        assert out.count("outbox-salvaged") == 1, arguments
    [notice] = json.loads(damaged("send", "--json")[1])["notices"]
    assert notice["code"] == "outbox-salvaged"
    shown = damaged("status", "--offline", "--dismiss")[1]
    assert "outbox-salvaged" in shown
    assert "Notices removed: 1." in shown
    for arguments in (("record",), ("send",), ("status", "--offline")):
        assert "outbox-salvaged" not in damaged(*arguments, stdin=json.dumps(sale("after")))[1]


def test_a_dismissed_damage_still_refuses_to_close_its_days(damaged: Run) -> None:
    damaged("status", "--offline", "--dismiss")
    assert f"may lack sales of {SOLD_ON}" in damaged("close", SOLD_ON)[1]


@pytest.mark.parametrize("command", ["send --loop", "watch {drop}"])
def test_a_loop_reports_the_notice_once(damaged: Run, folder: Path, tmp_path: Path, command: str) -> None:
    (tmp_path / "drop").mkdir()
    arguments = command.format(drop=tmp_path / "drop").split()
    with subprocess.Popen(
        [sys.executable, "-m", "tillstream_till", *arguments, "--interval", "0.1", "--json", "--folder", str(folder)],
        stdout=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        try:
            assert process.stdout
            values: list[dict[str, Any]] = []
            while not any("notice" in value for value in values):
                values.append(json.loads(process.stdout.readline()))
            damaged("record", stdin=json.dumps(sale("later")))
            while values[-1].get("sent") != 1:
                values.append(json.loads(process.stdout.readline()))
        finally:
            process.kill()
    assert len([value for value in values if "outbox-salvaged" in value.get("notice", "")]) == 1


@pytest.mark.parametrize(
    ("shift", "warning"),
    [
        (timedelta(hours=1), "Sale 1 is sold in the future"),
        (timedelta(days=-400), "Sale 1 is sold more than a year ago"),
        (timedelta(minutes=5), ""),
        (timedelta(days=-300), ""),
    ],
)
def test_a_time_that_is_probably_wrong_is_a_warning(ready: Run, shift: timedelta, warning: str) -> None:
    code, out = ready("record", stdin=json.dumps(sale(1, sold_at=shifted(shift))))
    assert code == 0
    assert out.startswith("UK/LON1/1 is recorded.\n")
    assert (warning in out) if warning else (out.count("\n") == 1)


def test_programs_and_watched_folders_get_the_warnings(till: Till, tmp_path: Path) -> None:
    wrong = sale(1, sold_at=shifted(timedelta(hours=1)))
    assert len(till.record(wrong).warnings) == 1
    (tmp_path / "sale.json").write_text(json.dumps(wrong))
    [report] = record_files(till, tmp_path, quiet=0)
    assert (report.problems, len(report.warnings)) == ([], 1)


def test_status_lists_counted_sales_with_a_warning(ready: Run, store: Store) -> None:
    ready("record", stdin=json.dumps(sale(1)))
    problem = {"code": "clock-ahead", "message": "The clock is ahead.", "remedy": "Set it."}
    outcome = {"region": "UK", "store_id": "LON1", "number": "1", "version": 1, "till": "T1", "at": ""}
    store.outcomes.append(outcome | {"outcome": "counted", "problems": [problem]})
    code, out = ready("status")
    assert code == 0
    assert "Counted with a warning:\n  1: clock-ahead: The clock is ahead. Set it." in out


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"number": "10\x001"}, r"number: '10\x001' contains a line break, NUL or another control character"),
        ({"lines": [{"net_amount": "1e5"}]}, "'1e5' is not valid: a decimal as a string"),
        ({"lines": [{"net_amount": "NaN"}]}, "'NaN' is not valid: a decimal as a string"),
        ({"lines": [{"net_amount": 1e5}]}, "must be of type string, not 100000.0"),
        ({"lines": [{"net_amount": float("nan")}]}, "must be of type string, not NaN"),
    ],
)
def test_a_problem_shows_the_value_and_what_is_wrong(ready: Run, change: dict[str, Any], message: str) -> None:
    code, out = ready("record", stdin=json.dumps(sale(1) | change))
    assert code == 1
    assert message in out


def test_a_revoked_token_is_one_sentence(ready: Run, store: Store) -> None:
    store.faults.append(lambda handler: bool(handler.reply(401, {"code": "unauthorized", "detail": "Not valid."})))
    ready("record", stdin=json.dumps(sale(1)))
    assert "replied 401: Not valid. Create a new setup code" in ready("send")[1]


def test_equal_problems_of_sales_are_listed_once(ready: Run, store: Store) -> None:
    problem = {"code": "unverified-message", "message": "Its key is revoked.", "remedy": "Connect the till again."}
    outcome = {"region": "UK", "store_id": "LON1", "version": 1, "till": "T1", "at": "", "outcome": "quarantined"}
    for number in range(1001, 1029):
        ready("record", stdin=json.dumps(sale(number)))
        store.outcomes.append(outcome | {"number": str(number), "problems": [problem]})
    out = ready("status")[1]
    assert "  1001-1028: unverified-message: Its key is revoked. Connect the till again." in out
    assert out.count("Its key is revoked.") == 1


def test_a_new_key_sends_what_was_refused_because_of_the_old_one(ready: Run, store: Store, server: StoreServer) -> None:
    ready("record", stdin=json.dumps([sale(1), sale(2)]))
    store.refuse["2"] = ("not-your-store", "Of PAR1")
    store.keys.clear()
    store.new_key("k2")
    assert ready("send")[0] == 3
    out = ready("status", "--offline")[1]
    assert (
        "Refused because of the key; create a new setup code in the portal, and run init again:\n  1-2: unsigned" in out
    )
    assert ready("init", stdin=encode(server.setup("k2")))[0] == 0
    assert ready("send")[1].startswith("1 sent, 1 refused, 0 unsent.")
    assert list(store.sales) == ["1"]
    out = ready("status", "--offline")[1]
    assert "correct these sales and record them with a higher version:\n  2: not-your-store: Of PAR1" in out
