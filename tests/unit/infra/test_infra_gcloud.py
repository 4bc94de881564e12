"""Calls of gcloud: resources that are not ready are tried again, errors are reported, secrets are stored nowhere."""

import stat
from pathlib import Path

import pytest

from infra.gcloud import CREDENTIALS, METRIC_PATIENCE, QUOTA_PROJECT, AlreadyExists, Gcloud
from infra.kinds.bigquery import bq
from infra.resource import Command, StateQuery, gcloud
from tillstream.model.errors import Rejected, Unavailable


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
        "INVALID_ARGUMENT: Role (projects/demo/roles/tillstreamWebhooks) does not exist in the hierarchy.",
        "INVALID_ARGUMENT: could not resolve source: googleapi: Error 403: no storage.objects.get access",
        "Google Cloud Run Service Agent must have permission to read the image, x-docker.pkg.dev/demo/a/b",
        "spec.env[9].secret_key_ref.name: Permission denied on secret: projects/1/secrets/s/versions/latest",
    ],
)
def test_what_a_new_project_is_not_ready_for_is_tried_again(program: Path, tmp_path: Path, words: str) -> None:
    tried = tmp_path / "tried"
    says(program, f"if [ -e {tried} ]; then exit 0; fi; touch {tried}; echo 'ERROR: {words}' >&2; exit 1")
    waits: list[float] = []
    here(tmp_path, waits).do(gcloud("pubsub", "topics", "create", "t"))
    assert len(waits) == 1


def test_errors_that_bq_prints_to_its_standard_output_are_recognised(
    program: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = program.with_name("bq")
    tried, waits = tmp_path / "tried", list[float]()
    words = "BigQuery error in query operation: Service account\nstage@demo.iam.gserviceaccount.com does not exist."
    says(program, f"if [ -e {tried} ]; then exit 0; fi; touch {tried}; echo '{words}'; exit 1")
    here(tmp_path, waits).do(bq("query", "GRANT"))
    assert len(waits) == 1
    says(program, "echo \"BigQuery error in mk operation: Dataset 'demo:d' already exists.\"; exit 1")
    with pytest.raises(AlreadyExists):
        here(tmp_path, waits).do(bq("mk", "--dataset", "demo:d"))
    assert len(waits) == 1


def test_our_own_commands_use_the_quota_of_the_project_unless_other_credentials_are_set(
    program: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = tmp_path / "log"
    for name in (CREDENTIALS, QUOTA_PROJECT):
        monkeypatch.delenv(name, raising=False)
    for path in (program, program.with_name("tillstream")):
        says(path, f'echo "$(basename $0) ${QUOTA_PROJECT}" >> {log}')
    index = Command(("deploy", "index"), program="tillstream")
    here(tmp_path).do(index)
    here(tmp_path).do(gcloud("projects", "list"))
    monkeypatch.setenv(CREDENTIALS, "/account.json")
    here(tmp_path).do(index)
    assert log.read_text("utf-8").splitlines() == ["tillstream demo", "gcloud ", "tillstream "]


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


def test_a_name_that_is_not_listed_yet_is_looked_up_again(program: Path, tmp_path: Path) -> None:
    listed, waits = tmp_path / "listed", list[float]()
    says(program, f'if [ "$2" = list ]; then if [ -e {listed} ]; then echo it; fi; touch {listed}; fi')
    command = Command(("policies", "create", "{channel}"), answers={"channel": ("channels", "list")})
    here(tmp_path, waits).do(command)
    assert len(waits) == 1
    says(program, "exit 0")
    with pytest.raises(Unavailable, match="unknown name"):
        here(tmp_path, waits).do(command)
