"""The script of continuous integration."""

import subprocess
import sys
from itertools import chain
from pathlib import Path

from examples import in_turns, part_of

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
