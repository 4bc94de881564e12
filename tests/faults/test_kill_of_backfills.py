"""The process of a backfill is killed midway: the same command continues, and each of its files counts once."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from app_factory import copy_template
from click.testing import CliRunner
from faults.connector_rig import PATIENCE, TESTS
from unit.connectors.connector_steps import sales

from tillstream.cli.main import main
from tillstream.settings import Settings

FILES, FEW = 60, 20
POINTS = [
    ("objects.writer inbox", "before", 30),
    ("documents.put batches received", "before", 30),
    ("documents.put batches received", "after", 30),
    ("documents.put batches settled", "before", 10),
]
"""The object is not stored; it is and its record is not; both are; some of the files are settled."""


@pytest.mark.parametrize(("step", "when", "count"), POINTS[1:2])
def test_a_killed_backfill_continues(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str, when: str, count: int
) -> None:
    killed_at(tmp_path, monkeypatch, step, when, count * FEW // FILES, FEW)


@pytest.mark.long
@pytest.mark.parametrize(("step", "when", "count"), POINTS)
def test_a_backfill_that_is_killed_at_any_step_continues(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str, when: str, count: int
) -> None:
    killed_at(tmp_path, monkeypatch, step, when, count)


def killed_at(
    folder: Path, monkeypatch: pytest.MonkeyPatch, step: str, when: str, count: int, files: int = FILES
) -> None:
    for name, value in {"HOME": str(folder / "home"), "SAMPLES": "false", "THREADS": "1"}.items():
        monkeypatch.setenv(f"TILLSTREAM_{name}", value)
    copy_template(Settings())
    history = folder / "history"
    history.mkdir()
    for number in range(files):
        (history / f"{number:03}.csv").write_text(sales(number), encoding="utf-8")
    arguments = ("backfill", str(history), "--region", "online-retail-uk")
    command = [sys.executable, "-m", "faults.crashing_connector", step, when, str(count), "-", *arguments]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join((str(TESTS), str(TESTS.parent)))}
    ended = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert ended.returncode == -signal.SIGKILL, f"it did not die at {when} {step}: {ended.returncode} {ended.stderr}"
    result = answer(*arguments)
    assert (result["is_complete"], sum(result["batches"].values())) == (True, files)
    assert answer(*arguments)["run"]["items"] == 0
    assert answer("query", "kpis")["rows"][0]["lines"] == files
    assert sum(receipt["rows"]["new"] for receipt in answer("receipts", "--limit", str(2 * files))) == files


def answer(*arguments: str) -> Any:
    """What a command prints, in this process."""
    result = CliRunner().invoke(main, [*arguments, "--json"])
    assert result.exit_code == 0, f"{arguments}: {result.output} {result.exception!r}"
    return json.loads(result.stdout)
