"""The runbook names commands that there are, and the alerts that are declared."""

import re
import shutil
from pathlib import Path

import pytest
from docs.pages.page_commands import Page
from emulator_fixtures import require
from gcloud_lint import lint_errors

from infra import stage
from infra.goals import FILE_SECONDS, SALE_SECONDS
from infra.monitoring import alerts

PAGE = Page("runbook.md")
TEXT = PAGE.text


def test_every_command_of_tillstream_exists_with_its_options() -> None:
    assert PAGE.check_tillstream() > 15


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
        "Something is lost",
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
    whole = [line for line in PAGE.named("gcloud") if "--project" in line or "gs://" in line]
    assert len(whole) > 7
    assert lint_errors(sorted({_filled(line) for line in whole}), tmp_path) == {}


def _filled(line: str) -> str:
    return line.replace("=ACCOUNT", "=a@shop.iam.gserviceaccount.com").replace("PROJECT", "shop")
