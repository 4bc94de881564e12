"""The files of stages: names and sizes of one project each, over the common values."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from infra import stage
from infra.declared import Declared
from infra.project import check_values, deployment, ensure_recipient
from infra.source import UNKNOWN
from infra.stage import STAGES
from portal import gunicorn_conf
from tillstream.cli.deploy import deploy
from tillstream.model.errors import Rejected

VCPUS, GIBIBYTES = 20, 40
"""Of all instances of one service, in a region of a new project; Cloud Run refuses a deploy that allows more."""


def test_given_values_override_the_stage_and_fill_names() -> None:
    target = stage.read("prod", "acme", "42", {"REGION": "europe-west3", "SETTLE_MEMORY": "2Gi", "DATASET": ""})
    assert target.region == "europe-west3"
    assert target["PORTAL_ADDRESS"] == "https://portal-42.europe-west3.run.app"
    assert target.bucket("inbox") == "acme-tillstream-prod-inbox"
    assert target["DATASET"] == "tillstream"
    assert target.size("settle", "MEMORY", "1Gi") == "2Gi"
    assert target.size("stage", "MEMORY", "4Gi") == "4Gi"


@pytest.mark.parametrize("name", ["dev", "prod", "prove"])
def test_the_instances_of_no_service_exceed_the_quotas_of_a_new_project(name: str) -> None:
    for each in Declared(stage.read(name, "demo", "1"), UNKNOWN).resources():
        if each.kind in {"function", "portal"}:
            template = each.wanted["spec"]["template"]
            most = int(template["metadata"]["annotations"]["autoscaling.knative.dev/maxScale"])
            limits = template["spec"]["containers"][0]["resources"]["limits"]
            mebibytes = {"Mi": 1, "Gi": 1024}[limits["memory"][-2:]] * int(limits["memory"][:-2])
            assert most * float(limits["cpu"]) <= VCPUS, each.title
            assert most * mebibytes <= GIBIBYTES * 1024, each.title


def test_five_lines_are_a_stage_of_another_region_or_company(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stage, "STAGES", tmp_path)
    for name in ("base", "prod"):
        (tmp_path / f"{name}.env").write_text((STAGES / f"{name}.env").read_text("utf-8"), "utf-8")
    lines = ("BASE=prod", "PROJECT=acme-eu-sales", "REGION=europe-west4", "ALERT_EMAIL=none", "PORTAL_MOST=8")
    (tmp_path / "acme-eu.env").write_text("\n".join(lines), "utf-8")
    target = stage.read("acme-eu", number="7")
    assert (target.project, target.region, target.alert_email) == ("acme-eu-sales", "europe-west4", "")
    assert target.bucket("inbox") == "acme-eu-sales-tillstream-acme-eu-inbox"
    assert target["PORTAL_ADDRESS"] == "https://portal-7.europe-west4.run.app"
    assert (target["PORTAL_MOST"], target["PORTAL_LEAST"], target["PORTAL_CPU"]) == ("8", "1", "1")
    assert stage.read("acme-eu", "another").project == "another"
    (tmp_path / "round.env").write_text("BASE=round", "utf-8")
    for name in ("round", "base"):
        with pytest.raises(Rejected, match="There is no stage"):
            stage.read(name, "demo")
    with pytest.raises(Rejected, match="Name the project"):
        stage.read("prod")


def test_a_deploy_requests_the_recipient_of_alerts_once_and_takes_an_address_or_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stage, "STAGES", tmp_path)
    for name in ("base", "dev"):
        (tmp_path / f"{name}.env").write_text((STAGES / f"{name}.env").read_text("utf-8"), "utf-8")
    with pytest.raises(Rejected, match="ALERT_EMAIL is 'boss'"):
        ensure_recipient("dev", "demo", {}, lambda: "boss")
    ensure_recipient("dev", "demo", {"ALERT_EMAIL": "none"}, lambda: pytest.fail("it is set"))
    assert stage.read("dev", "demo")["ALERT_EMAIL"] == ""
    ensure_recipient("dev", "demo", {}, lambda: "night@example.com")
    assert stage.read("dev", "demo").alert_email == "night@example.com"
    ensure_recipient("dev", "demo", {}, lambda: pytest.fail("it was asked before"))
    assert (tmp_path / "dev.env").read_text("utf-8").count("ALERT_EMAIL") == 1


def test_a_deploy_without_a_terminal_needs_the_recipient_of_alerts() -> None:
    result = CliRunner().invoke(deploy, ["apply", "--project", "demo"])
    assert result.exit_code == 1
    assert "--set ALERT_EMAIL=none" in result.output
    assert CliRunner().invoke(deploy, ["apply", "--project", "demo", "--dry-run"]).exit_code == 0


@pytest.mark.parametrize("name", ["moon", "../dev", ""])
def test_an_unknown_stage_is_rejected_with_the_file_to_create(name: str) -> None:
    with pytest.raises(Rejected, match=r"infra/stages/"):
        stage.read(name, "demo")


@pytest.mark.parametrize("name", ["dev", "prod"])
def test_cloud_run_sends_an_instance_of_the_portal_as_many_requests_as_it_has_threads(name: str) -> None:
    """With fewer, open live pages would take the places of all requests."""
    assert int(stage.read(name, "demo")["PORTAL_CONCURRENCY"]) == gunicorn_conf.threads


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORTAL_MSOT", "8"),
        ("REGION", "mars"),
        ("READERS", "group:sales@example.com boss@example.com"),
        ("SETTLED_WITHIN_HOURS", "48"),
        ("SETTLE_LARGE_MEMORY", "512Mi"),
        ("CONNECT_MOST", "2"),
        ("TILLSTREAM_OPENING_HOUR", "06:00-22:00 Europe/Berlin"),
        ("TILLSTREAM_OPENING_HOURS", "25:00"),
    ],
)
def test_a_value_that_a_deploy_would_refuse_is_reported_before_it(name: str, value: str, tmp_path: Path) -> None:
    with pytest.raises(Rejected, match=name):
        deployment("demo", "dev", {name: value}, print, ask=False, work=tmp_path, source=UNKNOWN)


def test_a_setting_that_needs_a_secret_is_no_mistake_of_a_stage() -> None:
    chosen = {"TILLSTREAM_SIGN_IN": "oidc", "CONNECT_SUBNET": "sources", "STAGE_CPU": "0.5", "SETTLE_LARGE_CPU": "4"}
    for name in ("dev", "prod", "prove"):
        check_values(stage.read(name, "demo", overrides=chosen))
