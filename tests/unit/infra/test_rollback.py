"""The revision of a rollback, and its gcloud commands; the real gcloud parses each of them."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from emulator_fixtures import require
from gcloud_lint import lint_errors
from python_program import write_program

from infra import rollback

IMAGES = "europe-west1-docker.pkg.dev/shop/tillstream"


def revision(name: str, hour: int, ready: bool = True) -> dict[str, Any]:
    conditions = [{"type": "Active", "status": "False"}, {"type": "Ready", "status": str(ready)}]
    at = f"2026-11-20T{hour:02}:00:00Z"
    return {
        "metadata": {"name": name, "creationTimestamp": at},
        "spec": {"containers": [{"image": f"{IMAGES}/portal:{name}"}]},
        "status": {"conditions": conditions},
    }


REVISIONS = [revision("c", 12), revision("b", 11, ready=False), revision("a", 10), revision("first", 9)]


def test_it_is_the_newest_before_the_serving_one_that_ever_was_ready() -> None:
    assert rollback.before("c", REVISIONS) == "a"
    assert rollback.before("a", REVISIONS) == "first"
    assert rollback.before("first", REVISIONS) == ""


@pytest.fixture
def gcloud_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The log of a fake gcloud, which records its arguments and answers as Cloud Run does."""
    log, answers = tmp_path / "told", tmp_path / "answers.json"
    answers.write_text(
        json.dumps(
            {
                "services": {"status": {"traffic": [{"revisionName": "a"}, {"revisionName": "c", "percent": 100}]}},
                "revisions": REVISIONS,
                "jobs": {},
                "docker": [{"tags": ["c"]}],
            }
        )
    )
    write_program(
        tmp_path / "gcloud",
        "import json, sys\n"
        f"open({str(log)!r}, 'a').write(' '.join(sys.argv[1:]) + '\\n')\n"
        f"print(json.dumps(json.load(open({str(answers)!r}))[sys.argv[2]]))\n",
        "-IS",
    )
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    return log


def test_every_service_goes_back_and_forward_again(gcloud_log: Path) -> None:
    rollback.roll_back("shop", "europe-west1", lambda _: None)
    changes = [line for line in gcloud_log.read_text().splitlines() if "update-traffic" in line]
    assert [line.split()[3] for line in changes] == list(reversed(rollback.SERVICES))
    assert all("--to-revisions=a=100 --region=europe-west1 --project=shop" in line for line in changes)
    jobs = [line for line in gcloud_log.read_text().splitlines() if "jobs update" in line]
    for job, name in zip(jobs, ("settle-large", "forecast", "reports", "restock", "connect"), strict=True):
        assert f"jobs update {name} --image={IMAGES}/portal:c " in job  # the fake portal still serves this one
    (tagged,) = [line for line in gcloud_log.read_text().splitlines() if "tags add" in line]
    assert f"tags add {IMAGES}/spark:c {IMAGES}/spark:latest " in tagged
    gcloud_log.unlink()
    rollback.roll_back("shop", "europe-west1", lambda _: None, forward=True)
    assert gcloud_log.read_text().count("--to-latest") == len(rollback.SERVICES)


@pytest.mark.system
def test_the_real_gcloud_reads_each_command(gcloud_log: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rollback.roll_back("shop", "europe-west1", lambda _: None)
    rollback.roll_back("shop", "europe-west1", lambda _: None, forward=True)
    monkeypatch.undo()
    require("" if shutil.which("gcloud") else "gcloud is not on this machine")
    assert lint_errors(sorted({f"gcloud {line}" for line in gcloud_log.read_text().splitlines()}), tmp_path) == {}
