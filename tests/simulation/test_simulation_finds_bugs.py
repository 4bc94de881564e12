"""Bugs that are seeded in a copy of the sources are found by small schedules."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from mutants.test_every_seeded_bug_is_caught import seed

ROOT = Path(__file__).resolve().parents[2]
COPIED = ("tillstream", "till", "sql", "portal", "pyproject.toml", "devtools/__init__.py", "devtools/simulation")
BUGS = ("removed_lines_not_announced", "statement_ignored", "version_ignored")
"""Patches of tests/mutants."""
PLAY = """
import sys
from devtools.simulation import many
many.be_quiet()
outcome = many.play(3, range(600, 620))
print(outcome.kind, outcome.error)
sys.exit(17 if outcome.error and not outcome.kind.endswith("Error") else 0)
"""


@pytest.mark.long
@pytest.mark.parametrize("bug", BUGS)
def test_a_seeded_bug_is_found(bug: str, tmp_path: Path) -> None:
    for name in COPIED:
        target = tmp_path / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / name, target)
    seed(bug, tmp_path)
    paths = {"PYTHONPATH": os.pathsep.join((str(tmp_path), str(tmp_path / "till")))}
    run = subprocess.run(
        [sys.executable, "-c", PLAY],
        check=False,
        cwd=tmp_path,
        env=os.environ | paths | {"PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
    )
    assert run.returncode == 17, f"{bug} got through:\n{run.stdout[-2000:]}{run.stderr[-2000:]}"
