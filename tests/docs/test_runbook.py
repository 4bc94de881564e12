"""The runbook names commands that there are, and the alerts that are declared."""

import re
import shutil
from pathlib import Path

import click
import pytest
from emulator_fixtures import require
from gcloud_lint import lint_errors

from docs.generate.commands import leaves
from infra import stage
from infra.goals import FILE_SECONDS, SALE_SECONDS
from infra.monitoring import alerts
from tillstream.cli.main import main

TEXT = (Path(__file__).resolve().parents[2] / "docs" / "runbook.md").read_text(encoding="utf-8")
COMMANDS = dict(leaves(main, "tillstream"))
BLOCKS = "\n".join(re.findall(r"^```sh\n(.*?)^```", TEXT, flags=re.MULTILINE | re.DOTALL))
INLINE = "\n".join(" ".join(one.split()) for one in re.findall(r"`([^`\n]+(?:\n[^`\n]+)?)`", TEXT.replace(BLOCKS, "")))


def named(program: str) -> list[str]:
    """Each call of a program, without its comment."""
    lines = [re.sub(r"\s+# .*", "", line) for line in (BLOCKS + "\n" + INLINE).splitlines()]
    return [line for line in lines if line.startswith(f"{program} ")]


def test_every_command_of_tillstream_exists_with_its_options() -> None:
    assert len(named("tillstream")) > 15
    for line in named("tillstream"):
        path = next((path for path in sorted(COMMANDS, key=len, reverse=True) if f"{line} ".startswith(f"{path} ")), "")
        assert path, line
        options = {name for param in COMMANDS[path].params if isinstance(param, click.Option) for name in param.opts}
        assert set(re.findall(r"(--[a-z-]+)", line)) <= options, line


def test_the_goals_are_those_of_the_alerts() -> None:
    table = TEXT.partition("\n## What is promised\n")[2].partition("\n## ")[0]
    names = re.findall(r"\| (Tillstream: [^|]+) \|$", table, flags=re.MULTILINE)
    assert names == [alert["displayName"] for alert in alerts(stage.read("prod", "shop", "123"))]
    assert f"{FILE_SECONDS} seconds" in table
    assert f"{SALE_SECONDS} seconds" in table


def test_every_runbook_case_has_symptom_first_step_and_end() -> None:
    cases = re.split(r"\n## ", TEXT)[2:]
    assert [case.splitlines()[0] for case in cases] == [
        "Events wait",
        "A schedule does not run",
        "Queries read much",
        "A quality check fails",
        "A forecast drifts",
        "A region is late",
        "Dead letters",
        "A batch is stuck",
        "The ledger lacks settlements",
        "A webhook does not deliver",
        "A large settlement failed",
        "A forecast failed",
        "Reports are not made",
        "The restock queue is not computed",
        "Connectors do not run",
        "A connector fails",
        "A message was not sent",
        "A bad contract",
        "A leaked key",
        "Restore",
        "A wrong deploy",
    ]
    for case in cases:
        assert "irst five minutes" in case
        assert "**Over when**" in case
        assert "```sh" in case
        assert "**Seen by**" in case or case.startswith("Restore")


@pytest.mark.system
def test_the_real_gcloud_reads_every_command_of_it(tmp_path: Path) -> None:
    require("" if shutil.which("gcloud") else "gcloud is not on this machine")
    whole = [line for line in named("gcloud") if "--project" in line or "gs://" in line]
    assert len(whole) > 7
    assert lint_errors(sorted({_filled(line) for line in whole}), tmp_path) == {}


def _filled(line: str) -> str:
    return line.replace("=ACCOUNT", "=a@shop.iam.gserviceaccount.com").replace("PROJECT", "shop")
