"""The jobs: sizes that Cloud Run accepts, their commands, who may start them, and the secret of the mail server."""

from typing import Any

import pytest
from click import Command, Group

from infra import stage
from infra.access.accounts import PORTAL, On, roles
from infra.called_functions import DECIDE, HOMES
from infra.declared import SECRETS, Declared
from infra.functions import SETTLE, SWEEP
from infra.goals import METRICS
from infra.jobs import JOBS, LARGE, MAIL, Job
from infra.kinds.iam import Policy, Role
from infra.monitoring import alerts
from infra.resource import Resource, differences
from infra.source import UNKNOWN
from tillstream.cli.main import main
from tillstream.model.limits import LIMITS
from tillstream.records.outbox import NOT_SENT
from tillstream.settings import Settings

LARGEST = {"1": 4, "2": 8, "4": 16, "6": 24, "8": 32}
"""Cores → the most GiB that Cloud Run gives them."""


SENDER = {"TILLSTREAM_MAIL_FROM": "Tillstream <sales@example.com>"}
SECRET = "tillstream-smtp-url"


def resources(**overrides: str) -> list[Resource]:
    return Declared(stage.read("prod", "demo", "123", overrides), UNKNOWN).resources()


def job(spec: Job = LARGE, **overrides: str) -> Resource:
    (one,) = [each for each in resources(**overrides) if each.kind == "job" and each.name == spec.name]
    return one


def container(of: Resource) -> dict[str, Any]:
    (one,) = of.wanted["spec"]["template"]["spec"]["template"]["spec"]["containers"]
    return dict(one)


def members(**overrides: str) -> dict[str, set[Role]]:
    """Title of each policy → its roles."""
    return {each.title: set(each.roles) for each in resources(**overrides) if isinstance(each, Policy)}


def test_a_size_is_one_that_cloud_run_accepts_and_its_command_exists() -> None:
    for each in JOBS:
        assert int(each.memory.removesuffix("Gi")) <= LARGEST[each.cpu]
        assert each.hours <= 7 * 24
        command: Command = main
        names = [one for one in each.arguments if not one.startswith("--")]
        for name in names:
            assert isinstance(command, Group)
            command = command.commands[name]
        options = {text for parameter in command.params for text in parameter.opts}
        assert set(each.arguments) - set(names) <= options


def test_the_memory_of_duckdb_follows_that_of_the_job() -> None:
    assert "TILLSTREAM_SETTLE_MEMORY=16384MiB" in " ".join(job().create[0].words)
    smaller = " ".join(job(SETTLE_LARGE_MEMORY="8Gi", SETTLE_LARGE_CPU="2").create[0].words)
    assert "--memory=8Gi --cpu=2" in smaller
    assert "TILLSTREAM_SETTLE_MEMORY=4096MiB" in smaller
    own = job(TILLSTREAM_SETTLE_MEMORY="20GB")
    assert "TILLSTREAM_SETTLE_MEMORY=20GB" in " ".join(own.create[0].words)


@pytest.mark.parametrize(
    ("spec", "accounts"),
    [(LARGE, (SETTLE.account, SWEEP.account, DECIDE.account, HOMES.account)), (MAIL, (SWEEP.account, PORTAL))],
)
def test_only_what_leaves_work_to_it_starts_it(spec: Job, accounts: tuple[str, ...]) -> None:
    target = stage.read("dev", "demo", "123")
    (granted,) = [who for on, who in roles(target, tuple(SECRETS.values())).items() if on == On("job", spec.name)]
    starters = {f"serviceAccount:{target.account(name)}" for name in accounts}
    assert {role.member for role in granted} == starters
    assert {role.role for role in granted} == {"roles/run.invoker"}


def test_the_address_of_the_mail_server_is_a_secret_that_only_the_job_reads() -> None:
    granted = members(**SENDER)
    reader = f"serviceAccount:{MAIL.account}@demo.iam.gserviceaccount.com"
    assert granted[f"policy of secret {SECRET}"] == {Role("roles/secretmanager.secretAccessor", reader)}
    read = {
        title for title, who in granted.items() if "of secret" in title and any(one.member == reader for one in who)
    }
    assert read == {f"policy of secret {SECRET}"}
    with_secret = job(MAIL, **SENDER)
    assert f"--set-secrets=TILLSTREAM_SMTP_URL={SECRET}:latest" in with_secret.create[0].words
    variables = {one["name"]: one for one in container(with_secret)["env"]}
    assert variables["TILLSTREAM_SMTP_URL"]["valueFrom"] == {"secretKeyRef": {"key": "latest", "name": SECRET}}
    assert variables["TILLSTREAM_MAIL_FROM"]["value"] == SENDER["TILLSTREAM_MAIL_FROM"]
    assert variables["TILLSTREAM_PUBLIC_URL"]["value"] == "https://portal-123.europe-west1.run.app"
    titles = [each.title for each in resources(**SENDER)]
    expected = [f"secret {SECRET}", f"policy of secret {SECRET}", f"job {MAIL.name}"]
    assert sorted(expected, key=titles.index) == expected
    assert f"secret's value {SECRET}" not in titles, "it is entered by hand"


def test_no_other_process_gets_the_address_of_the_mail_server() -> None:
    others = [each for each in resources(**SENDER) if each.kind in {"function", "job", "portal"}]
    assert [each.name for each in others if "SMTP" in str(each.wanted) + str(each.create)] == [MAIL.name]


def test_a_stage_without_a_sender_has_the_job_and_no_secret() -> None:
    assert not [each.title for each in resources() if SECRET in each.title]
    without = job(MAIL)
    assert "--clear-secrets" in without.create[0].words
    before = container(job(MAIL, **SENDER))["env"]
    state = {"env": before}
    assert list(differences({"env": container(without)["env"]}, state)), "a secret that is no longer declared goes"


def test_the_job_reads_the_ledger_and_reaches_no_objects_but_messages_and_files() -> None:
    account = f"serviceAccount:{MAIL.account}@demo.iam.gserviceaccount.com"
    granted = {
        (title, role.role, role.condition)
        for title, who in members(**SENDER).items()
        for role in who
        if role.member == account
    }
    staging = "projects/_/buckets/demo-tillstream-prod-staging/objects"
    assert {(title, condition) for title, role, condition in granted if "storage" in role} == {
        ("policy of bucket staging", f'resource.name.startsWith("{staging}/{folder}/")')
        for folder in ("mail", "deliveries", "exports")
    }
    assert {role for _, role, _ in granted if "bigquery" in role or "Queries" in role} == {
        "roles/bigquery.dataViewer",
        "projects/demo/roles/tillstreamQueries",
    }


def test_alerts_count_messages_that_were_not_sent_and_failed_runs() -> None:
    assert f'jsonPayload.message="{NOT_SENT}"' in METRICS["tillstream-unsent"]["filter"]
    filters = [str(each["conditions"]) for each in alerts(stage.read("dev", "demo", "123"))]
    assert any("tillstream-unsent" in each for each in filters)
    assert any(f'resource.labels.job_name="{MAIL.name}"' in each for each in filters)


def test_it_comes_after_its_image_and_goes_with_a_removal() -> None:
    titles = [each.title for each in Declared(stage.read("dev", "demo", "123"), UNKNOWN).resources()]
    image = next(title for title in titles if title.startswith("image "))
    expected = [image, f"job {LARGE.name}", f"policy of job {LARGE.name}"]
    assert sorted(expected, key=titles.index) == expected
    assert job().remove
    assert not job().holds_data


def test_the_limits_of_rows_are_those_that_are_documented() -> None:
    assert Settings().large_rows == LIMITS.settled_rows == 500_000
