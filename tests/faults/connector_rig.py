"""Kills the process of a connector at a step, and checks that the next run completes the sales exactly.

A kind joins with a `Rig`: its settings, and the number of lines that its source has.
"""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from app_factory import copy_template
from click.testing import CliRunner

from tillstream.cli.main import main
from tillstream.connectors.run_history import DONE
from tillstream.settings import Settings

TESTS = Path(__file__).resolve().parents[1]
PATIENCE = 120.0

FILES = [
    ("objects.writer inbox", "before", 1),
    ("objects.writer inbox", "after", 1),
    ("objects.writer inbox", "after", 2),
    ("bus.publish object-events", "before", 1),
    ("documents.put batches received", "before", 1),
    ("documents.put batches received", "after", 1),
    ("documents.put batches received", "after", 2),
    ("objects.writer staging", "before", 1),
    ("objects.writer staging", "after", 1),
    ("documents.put connector_states", "before", 1),
    ("documents.put connector_states", "after", 1),
    ("documents.put connector_states", "before", 2),
    ("documents.put connector_states", "after", 2),
    ("documents.put connector_states", "before", 3),
    ("documents.put connector_states", "after", 3),
    ("documents.put connector_runs", "before", 1),
    ("documents.put connector_runs", "before", 2),
    ("documents.put connector_runs", "after", 2),
]
"""Every step of a run that reads at least two files: the call, before or after it, and which one."""
PAGES = [
    *(point for point in FILES if point[0] != "objects.writer staging"),
    ("documents.put connector_states", "before", 4),
    ("documents.put connector_states", "after", 4),
    ("source.acknowledge", "before", 1),
    ("source.acknowledge", "after", 1),
    ("source.acknowledge", "after", 2),
]
"""Every step of a run that reads at least two pages of rows."""
SALES = [
    ("bus.publish store-sales", "before", 1),
    ("bus.publish store-sales", "after", 1),
    ("bus.publish store-sales", "after", 2),
    *(point for point in PAGES if point[0].startswith(("documents.put connector", "source"))),
]
"""Every step of a run that reads at least two items of store sales."""


@dataclass(frozen=True)
class Rig:
    """A kind of connector and a source that has `lines` lines in at least two items.

    register: the module of tests that adds the kind to the table, with functions `register(monkeypatch)` and
    `register_for_process()`; - for a kind of the product. environment: variables of the processes, as credentials.
    """

    kind: str
    settings: Mapping[str, str]
    lines: int
    contract: str = "online-retail-uk"
    register: str = "-"
    environment: Mapping[str, str] = field(default_factory=dict)


def killed_at(folder: Path, rig: Rig, monkeypatch: pytest.MonkeyPatch, step: str, when: str, count: int) -> None:
    """Kill the first run of a new home at a step; then run the connector twice, and compare the sales."""
    home = {"TILLSTREAM_HOME": str(folder / "home"), "TILLSTREAM_SAMPLES": "false", "TILLSTREAM_THREADS": "1"}
    for name, value in (home | dict(rig.environment)).items():
        monkeypatch.setenv(name, value)
    if rig.register != "-":
        import_module(rig.register).register(monkeypatch)
    copy_template(Settings())
    settings = [part for name, value in rig.settings.items() for part in ("--set", f"{name}={value}")]
    contract = ["--contract", rig.contract] if rig.contract else []
    _command("connect", "add", "shop", "--kind", rig.kind, *settings, *contract)
    _killed_run(rig, step, when, count)
    for _ in range(2):
        assert _command("connect", "run", "shop")["outcome"] == DONE
    _command("sweep")
    assert _command("query", "kpis")["rows"][0]["lines"] == rig.lines
    assert sum(receipt["rows"]["new"] for receipt in _command("receipts")) == rig.lines
    for rebuild in ("--check", "--from-originals"):
        assert _command("rebuild", rebuild)["differences"] == []


def _killed_run(rig: Rig, step: str, when: str, count: int) -> None:
    command = [sys.executable, "-m", "faults.crashing_connector", step, when, str(count), rig.register]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join((str(TESTS), str(TESTS.parent)))}
    run = [*command, "connect", "run", "shop"]
    ended = subprocess.run(run, env=environment, capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert ended.returncode == -signal.SIGKILL, f"it did not die at {when} {step}: {ended.returncode} {ended.stderr}"


def _command(*arguments: str) -> Any:
    """What a command prints, in this process."""
    result = CliRunner().invoke(main, [*arguments, "--json"])
    assert result.exit_code == 0, f"{arguments}: {result.output} {result.exception!r}"
    return json.loads(result.stdout)
