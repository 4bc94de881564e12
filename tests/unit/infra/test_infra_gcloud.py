"""Calls of gcloud: resources that are not ready are tried again, errors are reported, secrets are stored nowhere."""

import stat
from pathlib import Path

import pytest

from infra.gcloud import METRIC_PATIENCE, AlreadyExists, Gcloud
from infra.resource import Command, StateQuery, gcloud
from tillstream.domain.errors import Rejected, Unavailable


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A gcloud that does what the test writes into it."""
    path = tmp_path / "bin" / "gcloud"
    path.parent.mkdir()
    monkeypatch.setenv("PATH", f"{path.parent}:/usr/bin:/bin")
    return path


def says(program: Path, script: str) -> None:
    program.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)


def here(tmp_path: Path, waits: list[float] | None = None) -> Gcloud:
    return Gcloud("demo", tmp_path / "work", sleep=(waits if waits is not None else []).append)


@pytest.mark.parametrize(
    "words",
    [
        "INVALID_ARGUMENT: Service account tillstream-stage@demo.iam.gserviceaccount.com does not exist.",
        "The service account 'service-1@gs-project-accounts.iam.gserviceaccount.com' cannot publish to the topic.",
        "There were concurrent policy changes. Please retry the whole read-modify-write",
        "FAILED_PRECONDITION: Cloud Pub/Sub API has not been used in project 1 before or it is disabled",
        "caller lacks iam.serviceaccounts.actAs on the account",
    ],
)
def test_what_a_new_project_is_not_ready_for_is_tried_again(program: Path, tmp_path: Path, words: str) -> None:
    tried = tmp_path / "tried"
    says(program, f"if [ -e {tried} ]; then exit 0; fi; touch {tried}; echo 'ERROR: {words}' >&2; exit 1")
    waits: list[float] = []
    here(tmp_path, waits).do(gcloud("pubsub", "topics", "create", "t"))
    assert len(waits) == 1


def test_a_service_that_never_becomes_ready_stops_with_the_reason(
    program: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    says(program, "echo 'ERROR: UNAVAILABLE' >&2; exit 1")
    monkeypatch.setattr("infra.gcloud.PATIENCE", 1.0)
    with pytest.raises(Unavailable, match="UNAVAILABLE"):
        here(tmp_path).do(gcloud("pubsub", "topics", "create", "t"))


def test_values_of_the_project_are_filled_into_files_too(program: Path, tmp_path: Path) -> None:
    says(program, 'if [ "$2" = describe ]; then echo https://portal-x-ew.a.run.app; fi')
    files = {"cors.json": '{"origin": ["{portal}"]}'}
    command = Command(("buckets", "update"), files, answers={"portal": ("services", "describe")})
    here(tmp_path).do(command)
    assert (tmp_path / "work" / "cors.json").read_text("utf-8") == '{"origin": ["https://portal-x-ew.a.run.app"]}'
    assert here(tmp_path).line(command).startswith('sed -i "s|{portal}|$(gcloud services describe --project=demo')


def test_an_alert_waits_longer_for_its_metric(program: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tried = tmp_path / "tried"
    missing = "NOT_FOUND: Cannot find metric that matches type = logging.googleapis.com/user/tillstream-repairs"
    says(program, f"if [ -e {tried} ]; then exit 0; fi; touch {tried}; echo 'ERROR: {missing}' >&2; exit 1")
    monkeypatch.setattr("infra.gcloud.PATIENCE", 0.0)
    waits: list[float] = []
    here(tmp_path, waits).do(gcloud("alpha", "monitoring", "policies", "create"))
    assert len(waits) == 1
    assert METRIC_PATIENCE >= 600


def test_all_errors_are_reported_together_and_existing_resources_separately(program: Path, tmp_path: Path) -> None:
    says(program, "echo 'ERROR: (gcloud.x) PERMISSION_DENIED: not yours' >&2; exit 1")
    waits: list[float] = []
    with pytest.raises(Rejected, match=r"gcloud pubsub topics create t: .*not yours"):
        here(tmp_path, waits).do(gcloud("pubsub", "topics", "create", "t"))
    says(program, "echo 'ERROR: (gcloud.x) ALREADY_EXISTS: t' >&2; exit 1")
    with pytest.raises(AlreadyExists):
        here(tmp_path, waits).do(gcloud("pubsub", "topics", "create", "t"))
    assert waits == []


def test_a_missing_resource_is_none_and_other_errors_are_raised(program: Path, tmp_path: Path) -> None:
    ask = StateQuery(("pubsub", "topics", "list"), str, "")
    says(program, "echo 'ERROR: NOT_FOUND: nothing here' >&2; exit 1")
    assert here(tmp_path).ask(ask) is None
    says(program, "echo 'ERROR: PERMISSION_DENIED' >&2; exit 1")
    with pytest.raises(Rejected):
        here(tmp_path).ask(ask)


def test_a_new_secret_is_read_from_standard_input_and_differs_each_time(program: Path, tmp_path: Path) -> None:
    received = tmp_path / "given"
    says(program, f"cat >> {received}; echo >> {received}; echo $* >> {received}.words")
    secret = Command(("secrets", "versions", "add", "s", "--data-file=-"), random_input=True)
    for _ in range(2):
        here(tmp_path).do(secret)
    first, second = received.read_text(encoding="utf-8").split()
    assert first != second
    assert len(first) == 64
    assert first not in Path(f"{received}.words").read_text(encoding="utf-8")
    assert here(tmp_path).line(secret).startswith("openssl rand -hex 32 | gcloud secrets versions add s")


def test_values_of_the_project_are_fetched_when_needed(program: Path, tmp_path: Path) -> None:
    log = tmp_path / "said"
    says(program, f'if [ "$2" = describe ]; then echo the-name; else echo "$*" >> {log}; fi')
    command = Command(("triggers", "update", "{name}"), answers={"name": ("triggers", "describe", "x y")})
    here(tmp_path).do(command)
    assert log.read_text(encoding="utf-8").split()[:3] == ["triggers", "update", "the-name"]
    line = here(tmp_path).line(command)
    assert line.startswith("gcloud triggers update \"$(gcloud triggers describe 'x y' --project=demo --quiet)\"")
