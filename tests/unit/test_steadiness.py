"""Repeated runs of the tests: the plan, and that it continues where it stopped. A program is `make` here."""

import json
import sys
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from devtools.steadiness import __main__ as steadiness
from devtools.steadiness.plan import Run, plan
from devtools.steadiness.runs import read_results

MAKE = """import os, sys
from pathlib import Path
folder = Path(__file__).parent
with (folder / "calls").open("a") as calls:
    print(os.environ["TZ"], os.environ["COMMIT"], *sys.argv[1:], sep="|", file=calls)
failures = (folder / "failures").read_text()
print(failures)
sys.exit(2 if failures else 0)
"""

Call = Callable[..., int]


@pytest.fixture
def make(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder for programs with a `make` that writes down its calls and prints what is in `failures`."""
    programs = tmp_path / "programs"
    programs.mkdir()
    (programs / "make.py").write_text(MAKE)
    # a #! line cannot name a Python whose path has a space
    (programs / "make").write_text(f'#!/bin/sh\nexec "{sys.executable}" "{programs / "make.py"}" "$@"\n')
    (programs / "make").chmod(0o755)
    (programs / "failures").touch()
    monkeypatch.setenv("PATH", str(programs), prepend=":")
    return programs


@pytest.fixture
def call(make: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Call:
    def run(*options: str) -> int:
        monkeypatch.setattr(sys, "argv", ["steadiness", "--folder", str(tmp_path / "results"), *options])
        return steadiness.main()

    return run


def calls(make: Path) -> list[str]:
    return (make / "calls").read_text().splitlines()


def runs_of(kind: str) -> list[Run]:
    return list(plan((kind,), 1, "0/1"))


def test_a_quarter_of_the_runs_is_under_load_and_each_has_its_order() -> None:
    quick, system = runs_of("quick"), runs_of("system")
    assert (len(quick), len(system)) == (20, 5)
    assert sum(run.is_loaded for run in quick) == 5
    assert any(run.is_loaded for run in system)
    assert len({run.options for run in quick}) == len({run.name for run in quick + system}) - 5 == 20


def test_the_clocks_change_within_a_run_in_three_zones() -> None:
    changes = set()
    for run in runs_of("quick"):
        if run.moment.at:
            zone, start = ZoneInfo(run.moment.zone), datetime.fromisoformat(run.moment.at)
            before, after = (each.astimezone(zone).utcoffset() for each in (start, start + timedelta(minutes=15)))
            if before != after:
                changes.add((run.moment.zone, before < after))
    zones = {zone for zone, _ in changes}
    assert len(zones) == 3
    assert changes == {(zone, forward) for zone in zones for forward in (True, False)}


def test_runs_continue_where_they_stopped(call: Call, make: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call("--only", "system", "--runs", "2") == 0
    assert "2 of 5 runs passed, 3 are left" in capsys.readouterr().out
    assert call("--only", "system") == call("--only", "system") == 0
    assert [line.rpartition("OPTIONS=")[2] for line in calls(make)] == [run.options for run in runs_of("system")]
    assert [line.partition("|")[0] for line in calls(make)] == [run.moment.zone for run in runs_of("system")]
    assert "test-system" in calls(make)[0].split("|")
    assert [line.split("|")[1] for line in calls(make)] == ["10", "20", "30", "40", "50"]
    assert "5 of 5 runs passed, 0 are left" in capsys.readouterr().out


def test_a_failure_is_listed_until_its_run_passes(call: Call, make: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (make / "failures").write_text("FAILED tests/a.py::test_b[x - y] - assert 0\nERROR tests/c.py\n")
    assert call("--runs", "1") == 1
    (make / "failures").write_text("")
    assert call("--runs", "0") == 1
    output = capsys.readouterr().out
    assert "tests/a.py::test_b[x" in output
    assert "tests/c.py\n" in output
    assert call("--runs", "1", "--failed") == 0


def test_a_run_whose_result_was_cut_off_is_repeated(call: Call, tmp_path: Path) -> None:
    assert call("--runs", "1", "--part", "3/10") == 0
    file = tmp_path / "results" / "results.jsonl"
    whole = file.read_text().strip()
    assert json.loads(whole)["name"] == "quick-1-3-of-10"
    file.write_text(whole[:-9])
    assert not read_results(file)
    assert call("--runs", "1", "--part", "3/10") == 0
    assert list(read_results(file)) == ["quick-1-3-of-10"]
