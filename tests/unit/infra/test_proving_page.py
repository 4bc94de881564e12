"""The page about what only a project can show names the steps of `make prove`, and commands that exist."""

import re
import shutil
from pathlib import Path

import pytest
from emulator_fixtures import require
from gcloud_lint import lint_errors

from devtools.prove.steps import STEPS

TEXT = (Path(__file__).resolve().parents[3] / "docs" / "cloud" / "proving.md").read_text(encoding="utf-8")


def test_the_table_of_steps_has_each_step_with_its_seconds() -> None:
    rows = re.findall(r"^\| `([a-z-]+)` \| .+ \| (\d+) \|$", TEXT, flags=re.MULTILINE)
    assert rows == [(step.name, str(step.seconds)) for step in STEPS]


def test_each_question_has_what_answers_it() -> None:
    table = TEXT.partition("| question | command |\n| --- | --- |\n")[2]
    rows = [line.strip("| ").split(" | ") for line in table.splitlines()]
    assert len(rows) > 10
    assert all(len(row) == 2 and all(row) for row in rows)


@pytest.mark.system
def test_the_real_gcloud_takes_every_command_of_it(tmp_path: Path) -> None:
    require("" if shutil.which("gcloud") else "gcloud is not on this machine")
    commands = {line.replace("PROJECT", "shop") for line in re.findall(r"`(gcloud (?!auth)[^`]+)`", TEXT)}
    assert len(commands) > 7
    assert lint_errors(sorted(commands), tmp_path) == {}
