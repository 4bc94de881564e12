"""The steps of cloudbuild.yaml run here: its builder is built by its recipe, and each command is run in it.

The bases are made of packages of Debian, with the gcloud SDK of this machine. Of the tests, those run that need a part
of the system; of the steps that leave nothing to others, each commit runs some. The steps after them need a project: of
these, the deploy prints what it would do.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from emulator_fixtures import require
from image_builds import Builder, debian, missing
from turns import TURN

from devtools import emulators

ROOT = Path(__file__).resolve().parents[3]
INFRA = ROOT / "infra"
GCLOUD, BASE = re.findall(r"^FROM (\S+)", (INFRA / "builder.Dockerfile").read_text(encoding="utf-8"), re.MULTILINE)
PACKAGES = "python3,python3-pip,python3-venv,python-is-python3,make,git,ca-certificates"
"""What the base of Python has, of which the steps use something."""
RECIPE: dict[str, Any] = yaml.safe_load((ROOT / "cloudbuild.yaml").read_text(encoding="utf-8"))
NEEDS_A_PROJECT = ("forward", "smoke")
STEPS = [step for step in RECIPE["steps"] if step["id"] not in ("image", *NEEDS_A_PROJECT)]
VALUES = {"_PROJECT": "demo-project", "_REGION": "europe-west1", "_STAGE": "dev"}
CHOSEN = {
    "test": "tests/docs/test_supported_pythons.py tests/unit/domain",
    "test-system": "tests/browser/test_expired_session.py tests/connectors/rows/test_sql_postgresql.py "
    "tests/cloud/test_emulators.py",
}
"""Tests by step: of each part of the system, whose absence fails with CI=true."""
APART, TURNS = ("lint", "notebooks", "expectations", "spark", "mlflow"), 3
"""Steps that leave nothing to others: none of the chosen tests needs an environment of theirs."""

pytestmark = [pytest.mark.long, pytest.mark.timeout(1_800)]


def of_pip() -> list[str]:
    """Options of a container in which pip finds its packages where it does here."""
    config = [sys.executable, "-m", "pip", "config"]
    printed, settings = (subprocess.check_output([*config, part], text=True) for part in ("debug", "list"))
    files = re.findall(r"^\s+(\S+), exists: True", printed, re.MULTILINE)
    named = re.findall(r"(?:file://)?(/[^\s']+)", settings)
    # an index of files lists those of folders beside it
    of_index = [str(Path(place).parent) if place.endswith("/simple") else place for place in named]
    places = dict.fromkeys(place for place in [*files, *of_index] if Path(place).exists())
    variables = {name: value for name, value in os.environ.items() if name.startswith(("PIP_", "SSL_", "REQUESTS_"))}
    return [f"--volume={place}:{place}:ro" for place in places] + [f"--env={k}={v}" for k, v in variables.items()]


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """On a disk: with the SDK, images and a workspace are too large for memory."""
    folder = Path(tempfile.mkdtemp(dir="/var/tmp"))
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def build(folder: Path) -> Iterator[Builder]:
    require(missing() or emulators.PUBSUB.missing())
    base, sdk = folder / "base.tar", emulators.sdk()
    subprocess.run(debian(BASE.rpartition("-")[2], PACKAGES, base), check=True)
    builder = Builder(folder)
    builder.base(BASE, {"/": base})
    builder.base(GCLOUD, {"/google-cloud-sdk": sdk})
    builder("bud", "--pull-never", "--file", INFRA / "builder.Dockerfile", "--tag", "tillstream-builder", INFRA)
    yield builder
    builder("rm", "--all")


@pytest.fixture(scope="module")
def container(build: Builder) -> str:
    return build("from", "--pull-never", "tillstream-builder")


@pytest.fixture(scope="module")
def workspace(folder: Path) -> Path:
    subprocess.run(["git", "clone", "--quiet", ROOT, folder / "workspace"], check=True)
    return folder / "workspace"


def words(step: dict[str, Any]) -> list[str]:
    """The command of a step, with the values of its substitutions."""
    command = [step["entrypoint"], *step["args"]]
    return [re.sub(r"\$\{(\w+)\}", lambda match: VALUES[match[1]], word) for word in command]


def test_the_steps_end_well_in_their_order(build: Builder, container: str, workspace: Path) -> None:
    """Each goes on with what the ones before left in the workspace."""
    pip = of_pip()
    assert {step["id"] for step in STEPS} >= {*APART}
    left_out = {name for number, name in enumerate(APART) if (number + TURN) % TURNS}
    for step in STEPS:
        if step["id"] in left_out:
            continue
        assert step["name"] == "tillstream-builder"
        variables = [*step.get("env", ()), f"PYTEST_ADDOPTS={CHOSEN.get(step['id'], '')}"]
        options = [f"--volume={workspace}:/workspace", *pip, *(f"--env={variable}" for variable in variables)]
        command = words(step) + (["DRY=1"] if step["id"] == "deploy" else [])
        build("run", "--workingdir=/workspace", *options, container, "--", *command)
