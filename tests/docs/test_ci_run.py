"""The script of continuous integration."""

import subprocess
import sys
from itertools import chain
from pathlib import Path

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


def collect(*options: str) -> list[str]:
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-n0",
        "-q",
        "--collect-only",
        "-p",
        "no:randomly",
        *options,
        "tests/unit/quality",
    ]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, timeout=100)
    return sorted(line for line in done.stdout.splitlines() if "::" in line)


def test_each_test_is_in_one_part() -> None:
    parts = [collect("--part", f"{part}/3") for part in range(3)]
    assert sorted(chain.from_iterable(parts)) == collect()
    assert max(map(len, parts)) < 2 * min(map(len, parts))


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
