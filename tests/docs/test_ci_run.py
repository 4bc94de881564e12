"""The script of continuous integration."""

import subprocess
import sys
from itertools import chain
from pathlib import Path

import pytest
import turns
from turns import COUNT, in_turns, not_in_turn, part_of, slow_functions, write_slow_functions

ROOT = Path(__file__).resolve().parents[2]


def test_the_script_is_sound() -> None:
    done = subprocess.run(
        [Path(sys.executable).parent / "shellcheck", ROOT / ".ci" / "run"],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stdout


def test_each_long_proof_is_in_one_of_ten_parts_and_each_large_file_in_all() -> None:
    tests = {
        f"tests/{file}.py::test[{case}]" for file, cases in (("a", 34), ("b", 1), ("c", 10)) for case in range(cases)
    }
    parts = [part_of(tests, f"{turn}/10") for turn in range(10)]
    assert sorted(chain.from_iterable(parts)) == sorted(tests)
    assert all({name[:10] for name in part} >= {"tests/a.py", "tests/c.py"} for part in parts)
    assert {len(part) for part in parts} <= {4, 5, 6}


def test_each_combination_is_tried_in_one_of_three_turns_and_each_value_in_all() -> None:
    rows, columns = "abcd", range(6)
    turns = [in_turns(3, rows, columns, turn=turn) for turn in range(3)]
    assert sorted(chain.from_iterable(turns)) == [(row, column) for row in rows for column in columns]
    for chosen in turns:
        assert {row for row, _ in chosen} == set(rows)
        assert {column for _, column in chosen} == set(columns)


def test_each_slow_test_runs_at_one_of_four_turns_and_the_others_at_each() -> None:
    tests = [f"tests/a.py::{function}[{case}]" for function in ("slow", "quick") for case in range(9)]
    left_out = [not_in_turn(tests, frozenset({"a.py::slow"}), turn) for turn in range(COUNT)]
    assert set().union(*left_out) == set(tests[:9])
    assert sorted(chain.from_iterable(left_out)) == sorted(tests[:9] * (COUNT - 1))
    assert not_in_turn(tests, frozenset({"a.py::slow"}), None) == set()


def test_every_listed_slow_test_exists() -> None:
    """In its file, or in another of its folder, as the suites of ports. `runTest` is of Hypothesis."""
    listed = [(ROOT / "tests" / name.partition("::")[0], name.rpartition("::")[2]) for name in slow_functions()]
    folders = {path.parent for path, _ in listed}
    texts = {folder: "".join(path.read_text(encoding="utf-8") for path in folder.glob("*.py")) for folder in folders}
    assert [path for path, _ in listed if not path.exists()] == []
    assert [name for path, name in listed if name not in texts[path.parent] and name != "runTest"] == []


def test_a_run_adds_what_became_slow_and_removes_what_is_fast(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "SLOW", tmp_path / "slow_tests.txt")
    turns.SLOW.write_text("a.py::faster\na.py::not_run\na.py::hardly_faster\n", encoding="utf-8")
    took = {"faster[1]": 0.5, "faster[2]": 0.1, "hardly_faster": 0.4, "slower[1]": 0.3, "slower[2]": 0.9, "quick": 0.4}
    write_slow_functions({f"tests/a.py::{name}": seconds for name, seconds in took.items()})
    assert slow_functions() == {"a.py::hardly_faster", "a.py::not_run", "a.py::slower"}


def test_no_long_proof_begins_when_its_time_is_over() -> None:
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-n0",
        "-rs",
        "--within",
        "0.000001",
        f"{__file__}::{test_the_script_is_sound.__name__}",
    ]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, timeout=100)
    assert "0 of 1 tests began within the time" in done.stdout
    assert "the time of --within was over" in done.stdout
