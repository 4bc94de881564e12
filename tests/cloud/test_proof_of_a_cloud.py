"""The steps of `make prove` that need no project, on the emulators, and each of its commands by the real gcloud."""

import shutil
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from emulator_fixtures import require
from gcloud_lint import lint_errors

from devtools.cloud_local import CloudLocal, missing, running
from devtools.emulators import PROJECT
from devtools.local_triggers import call
from devtools.prove import report
from devtools.prove.files import TOUR, sample_files
from devtools.prove.google import query_rows
from devtools.prove.proof import OPERATOR, Proof
from devtools.prove.steps import STEPS, plan
from infra import stage
from infra.gcloud import Gcloud
from infra.resource import Command
from tillstream.app import build
from tillstream.settings import Settings

STAGE = stage.read("prove", PROJECT, "123")
ON_EMULATORS = ("load", "settle-twice", "freshness", "dead-letters", "restore", "people")


@dataclass
class Emulated:
    """Implements `Project` on the emulators. Commands of services without an emulator are kept."""

    cloud: CloudLocal
    gcloud: Gcloud
    kept: list[Command] = field(default_factory=list)

    def do(self, command: Command) -> None:
        match command.program, command.words:
            case ("tillstream", _) | ("gcloud", ("pubsub", *_)):
                self.gcloud.do(command)
            case "gcloud", ("storage", "buckets", "create", address, *_):
                storage = self.cloud.variables["STORAGE_EMULATOR_HOST"]
                call("POST", f"{storage}/storage/v1/b?project={PROJECT}", {"name": address.removeprefix("gs://")})
            case _:
                self.kept.append(command)

    def as_function(self) -> AbstractContextManager[None]:
        return nullcontext()

    def rows_as(self, address: str, query: str) -> list[dict[str, Any]]:
        url = f"{self.cloud.variables['TILLSTREAM_BIGQUERY_API']}/bigquery/v2/projects/{PROJECT}/queries"
        return query_rows(url, query, STAGE.region, {"X-Bqemu-Caller": f"serviceAccount:{address}"})


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CloudLocal]:
    require(missing())
    require("" if shutil.which("gcloud") else "gcloud is not on this machine")
    folder = tmp_path_factory.mktemp("cloud")
    with running(folder) as cloud, pytest.MonkeyPatch.context() as patch:
        pubsub = f"http://{cloud.variables['PUBSUB_EMULATOR_HOST']}/"
        for name, value in cloud.variables.items():
            patch.setenv(name, value)
        for name, value in {
            "CONFIG": str(folder / "gcloud"),
            "AUTH_DISABLE_CREDENTIALS": "1",
            "CORE_DISABLE_USAGE_REPORTING": "1",
            "API_ENDPOINT_OVERRIDES_PUBSUB": pubsub,
        }.items():
            patch.setenv(f"CLOUDSDK_{name}", value)
        yield cloud


@pytest.mark.long
def test_each_step_that_needs_no_project_passes_on_the_emulators(cloud: CloudLocal, tmp_path: Path) -> None:
    project = Emulated(cloud, Gcloud(PROJECT, tmp_path))
    files = dict([*sample_files().items()][:2])
    assert TOUR in files
    proof = Proof(STAGE, project, tmp_path, files, lambda: build(Settings()), cloud.portal, pace=1.0)
    steps = [step for step in STEPS if step.name in ON_EMULATORS]
    assert len(steps) == len(ON_EMULATORS)
    try:
        results = report.prove(proof, print, steps)
    finally:
        proof.close()
    assert {name: result.error for name, result in results.items()} == dict.fromkeys(ON_EMULATORS, "")
    assert results["load"].facts["regions"] == 2
    assert results["settle-twice"].facts["lines"] == 3
    assert results["freshness"].facts["p95 seconds"] < 300
    assert results["people"].facts["manager"] == ["UK"]
    assert "| people | passed |" in (tmp_path / report.MARKDOWN).read_text(encoding="utf-8")


@pytest.mark.system
def test_the_real_gcloud_takes_each_command_of_the_plan(tmp_path: Path) -> None:
    require("" if shutil.which("gcloud") else "gcloud is not on this machine")
    commands = {line for line in plan(STAGE, Gcloud(PROJECT, tmp_path)) if line.startswith("gcloud ")}
    assert len(commands) > 15
    assert lint_errors(sorted(line.replace(OPERATOR, "ana@example.com") for line in commands), tmp_path) == {}
