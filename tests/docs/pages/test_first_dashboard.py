"""The path from an empty project to a first dashboard: its steps, and each command that it names."""

import re
import shutil
from pathlib import Path

import pytest
from docs.pages.page_commands import Page
from emulator_fixtures import require
from gcloud_lint import lint_errors

PAGE = Page("cloud/first-dashboard.md")


def test_the_steps_are_numbered_in_their_order() -> None:
    steps = re.findall(r"^## (\d+)\. ", PAGE.text, flags=re.MULTILINE)
    assert steps == [str(number) for number in range(1, len(steps) + 1)]
    assert len(steps) == len(re.findall(r"^## ", PAGE.text, flags=re.MULTILINE)) >= 10


@pytest.mark.parametrize(("name", "least"), [("cloud/first-dashboard.md", 2), ("backfill.md", 5)])
def test_the_commands_of_tillstream_exist_with_their_options(name: str, least: int) -> None:
    assert Page(name).check_tillstream() >= least


def test_the_targets_of_make_exist() -> None:
    makefile = (Path(__file__).resolve().parents[3] / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z-]+):.*## ", makefile, flags=re.MULTILINE))
    called = {line.split()[1] for line in PAGE.named("make")}
    assert called >= {"deploy", "smoke", "destroy"}
    assert called <= targets


@pytest.mark.system
def test_the_commands_of_gcloud_parse(tmp_path: Path) -> None:
    require("" if shutil.which("gcloud") else "the gcloud command line is not installed")
    commands = [
        line
        for name in ("cloud/first-dashboard.md", "backfill.md", "connectors/cloud_storage.md")
        for line in Page(name).named("gcloud")
    ]
    assert len(commands) >= 11
    assert lint_errors([command.replace("PROJECT", "shop") for command in commands], tmp_path) == {}
