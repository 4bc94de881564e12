"""The jobs that reach sources and destinations: which secrets they read, and through which subnet they reach private
addresses."""

from infra import stage
from infra.access.accounts import PORTAL
from infra.declared import Declared
from infra.goals import METRICS
from infra.jobs import CONNECTING, MAIL
from infra.kinds.iam import Policy
from infra.resource import Resource
from infra.source import UNKNOWN
from tillstream.connectors.run_history import FAILED_RUN

SUBNET = {"CONNECT_SUBNET": "sources", "TILLSTREAM_CONNECT_PRIVATE": "10.20.0.0/16"}


def resources(**overrides: str) -> list[Resource]:
    return Declared(stage.read("prod", "demo", "123", overrides), UNKNOWN).resources()


def job(**overrides: str) -> Resource:
    (one,) = [each for each in resources(**overrides) if each.kind == "job" and each.name == CONNECTING.name]
    return one


def test_only_the_jobs_and_the_portal_read_the_secrets_of_connectors_and_no_others_by_that_role() -> None:
    readers = {
        role.member: role.condition
        for each in resources()
        if isinstance(each, Policy) and each.title == "policy of project"
        for role in each.roles
        if role.role == "roles/secretmanager.secretAccessor"
    }
    only = 'resource.name.startsWith("projects/123/secrets/tillstream-source-")'
    target = stage.read("prod", "demo", "123")
    accounts = (CONNECTING.account, MAIL.account, PORTAL)
    assert readers == {f"serviceAccount:{target.account(name)}": only for name in accounts}


def test_it_reaches_private_addresses_through_the_subnet_of_the_stage() -> None:
    words = job(**SUBNET).create[0].words
    assert {"--subnet=sources", "--vpc-egress=private-ranges-only"} <= set(words)
    assert "TILLSTREAM_CONNECT_PRIVATE=10.20.0.0/16" in " ".join(words)
    annotations = job(**SUBNET).wanted["spec"]["template"]["metadata"]["annotations"]
    assert annotations["run.googleapis.com/network-interfaces"] == '[{"subnetwork":"sources"}]'
    without = job()
    assert not [word for word in without.create[0].words if "subnet" in word or "vpc" in word]
    assert "metadata" not in without.wanted["spec"]["template"]


def test_only_these_jobs_are_in_the_subnet() -> None:
    inside = [each.name for each in resources(**SUBNET) if "--subnet=sources" in str(each.create)]
    assert sorted(inside) == sorted([CONNECTING.name, MAIL.name])


def test_the_alert_counts_runs_that_failed() -> None:
    assert f'jsonPayload.message="{FAILED_RUN}"' in METRICS["tillstream-connectors"]["filter"]
