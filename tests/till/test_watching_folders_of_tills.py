"""Files that a till writes into a folder are recorded once, then moved."""

import json
import os
import time
from pathlib import Path

import pytest
from store_server import Store, sale

from tillstream_till import Till
from tillstream_till.loops import SendSchedule
from tillstream_till.reports import SendReport
from tillstream_till.watched_folder import record_files


@pytest.fixture
def drop(tmp_path: Path) -> Path:
    (tmp_path / "drop").mkdir()
    return tmp_path / "drop"


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


def test_files_of_each_form_are_recorded_and_moved(till: Till, store: Store, drop: Path) -> None:
    (drop / "one.json").write_text(json.dumps(sale(1)))
    (drop / "list.JSON").write_text("\ufeff" + json.dumps([sale(2), sale(3)]), encoding="utf-8")
    (drop / "lines.jsonl").write_text(f"{json.dumps(sale(4))}\n\n{json.dumps(sale(5))}")
    (drop / ".hidden.json").write_text("{")
    (drop / "notes.txt").write_text("not a sale")
    reports = record_files(till, drop, quiet=0)
    assert sum(report.recorded for report in reports) == 5
    assert names(drop) == [".hidden.json", "notes.txt", "recorded"]
    till.send()
    assert sorted(store.sales) == ["1", "2", "3", "4", "5"]


def test_a_file_that_is_still_written_waits(till: Till, drop: Path) -> None:
    (drop / "one.json").write_text(json.dumps(sale(1)))
    os.utime(drop / "one.json", (time.time(), time.time()))
    assert record_files(till, drop, quiet=60) == []
    assert names(drop) == ["one.json"]


def test_a_file_with_mistakes_keeps_its_good_sales_and_lists_the_others(till: Till, drop: Path) -> None:
    lines = [json.dumps(sale(1)), json.dumps(sale(2, "free")), '{"number": "3"', json.dumps(sale(1, "9.99"))]
    (drop / "day.jsonl").write_text("\n".join(lines))
    [report] = record_files(till, drop, quiet=0)
    assert (report.recorded, len(report.problems)) == (1, 3)
    assert names(drop / "refused") == ["day.jsonl", "day.jsonl.problems.txt"]
    problems = (drop / "refused" / "day.jsonl.problems.txt").read_text()
    assert [line.partition(":")[0] for line in problems.splitlines()] == ["line 3", "line 2", "line 4"]
    assert till.status(refresh=False)["unsent"] == 1


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"[1]", b"null", b"[" * 100_000])
def test_a_file_that_has_no_sales_is_refused_whole(till: Till, drop: Path, content: bytes) -> None:
    (drop / "bad.json").write_bytes(content)
    [report] = record_files(till, drop, quiet=0)
    assert report.problems
    assert names(drop) == ["refused"]


def test_a_file_that_was_recorded_before_it_could_be_moved_changes_nothing(
    till: Till, store: Store, drop: Path
) -> None:
    for _ in range(2):
        (drop / "one.json").write_text(json.dumps(sale(1)))
        [report] = record_files(till, drop, quiet=0)
        till.send()
    assert (report.recorded, report.repeated) == (0, 1)
    assert names(drop / "recorded") == ["one-2.json", "one.json"]
    assert len(store.arrived) == 1


def test_a_loop_sends_at_its_interval_and_less_often_while_offline() -> None:
    schedule = SendSchedule(5.0)
    schedule.sent(0.0, SendReport(1, 0, 0))
    assert not schedule.is_due(4.9)
    assert schedule.is_due(5.0)
    for attempt in range(12):
        schedule.sent(0.0, SendReport(0, 0, 1, "offline", "offline"))
        assert not schedule.is_due(min(300.0, 2.0**attempt) * 0.49)
    assert schedule.is_due(300.0)
    schedule.sent(0.0, SendReport(0, 0, 1, "busy", "http-503", 900.0))
    assert not schedule.is_due(899.0)
