"""What a project holds: least privilege, one order, one file of names and sizes a stage."""

from pathlib import Path

import pytest

from infra import accounts, stage
from infra.declared import Declared
from infra.deploy import Deploy
from infra.functions import FUNCTIONS
from infra.gcloud import Gcloud
from infra.kinds.iam import Policy, Role
from infra.resource import Resource, Retired, differences
from infra.source import UNKNOWN, Source
from portal import gunicorn_conf
from tillstream.domain.errors import Rejected

TOO_MUCH = {"roles/owner", "roles/editor", "roles/viewer", "roles/iam.serviceAccountUser"}
PROJECT_WIDE = {
    "roles/bigquery.dataEditor",  # of one table
    "roles/bigquery.jobUser",  # to run queries at all; the dataset grants what they may read
    "roles/bigquery.readSessionUser",
    "roles/datastore.user",  # bound to one database by a condition
    "roles/eventarc.eventReceiver",
    "roles/eventarc.serviceAgent",
    "roles/logging.logWriter",
    "roles/monitoring.viewer",  # the portal: how many messages wait; metrics are granted by project
    "roles/pubsub.publisher",  # of Cloud Storage's own agent: Eventarc names the topic
    "roles/pubsub.viewer",
    "roles/pubsub.subscriber",  # of `forward` and of Pub/Sub's agent: subscriptions of webhooks have no name yet
    "projects/demo/roles/tillstreamWebhooks",  # to create them
    "roles/storage.objectViewer",  # bound to the bucket of Google's builds by a condition
    "roles/secretmanager.secretAccessor",  # bound to the secrets of connectors, which are named by hand
}


def resources(name: str = "dev", **overrides: str) -> list[Resource]:
    return Declared(stage.read(name, "demo", "123", overrides), UNKNOWN).resources()


def roles(name: str = "dev") -> list[tuple[str, Role]]:
    return [(each.name, role) for each in resources(name) if isinstance(each, Policy) for role in each.roles]


@pytest.mark.parametrize("name", ["dev", "prod"])
def test_no_owner_editor_or_admin_role_is_ever_granted(name: str) -> None:
    assert [
        (where, role)
        for where, role in roles(name)
        if role.role in TOO_MUCH or "admin" in role.role.lower() or role.role.endswith("Owner")
    ] == []


@pytest.mark.parametrize("name", ["dev", "prod"])
def test_few_roles_reach_the_whole_project_and_those_with_data_are_bounded(name: str) -> None:
    wide = [role for where, role in roles(name) if where == "of project"]
    assert {role.role for role in wide} <= PROJECT_WIDE
    bounded = {"roles/datastore.user", "roles/storage.objectViewer", "roles/secretmanager.secretAccessor"}
    bounded.add("roles/bigquery.dataEditor")
    data = [role for role in wide if role.role in bounded]
    assert data
    assert all(role.condition for role in data)
    tables = {role.condition for role in wide if role.role == "roles/bigquery.dataEditor"}
    assert tables == {'resource.name == "projects/demo/datasets/tillstream/tables/live_lines"'}
    publishers = [role.member for role in wide if role.role == "roles/pubsub.publisher"]
    assert publishers == ["serviceAccount:service-123@gs-project-accounts.iam.gserviceaccount.com"]


def test_each_function_has_an_account_of_its_own_and_every_role_has_a_member_that_exists() -> None:
    own = {spec.account for spec in FUNCTIONS}
    assert len(own) == len(FUNCTIONS)
    accounts = {each.name for each in resources() if each.kind == "account"}
    assert own <= accounts
    ours = {f"serviceAccount:{name}@demo.iam.gserviceaccount.com" for name in accounts}
    agents = {f"serviceAccount:{each.name}" for each in resources() if each.kind == "agent"}
    assert {role.member for _, role in roles()} <= ours | agents | {"allUsers"}


def test_only_the_portal_is_public_and_only_in_stages_that_set_it() -> None:
    assert [where for where, role in roles() if role.member == "allUsers"] == ["of portal"]
    closed = [each for each in resources(PORTAL_OPEN_TO="group:sales@example.com") if isinstance(each, Policy)]
    assert not any(role.member == "allUsers" for each in closed for role in each.roles)


def test_parent_objects_come_before_their_children() -> None:
    earlier: set[int] = set()
    for each in resources():
        assert each.within is None or id(each.within) in earlier, each.title
        earlier.add(id(each))


def test_the_views_that_people_read_come_after_the_tables_and_go_though_data_stays() -> None:
    everything = resources(READERS="group:sales@example.com", REPORTS_DATASET="shown")
    titles = [each.title for each in everything]
    expected = ["dataset tillstream", "tables of dataset tillstream", "dataset shown", "reports in dataset shown"]
    assert sorted(expected, key=titles.index) == expected
    ledger, _, shown, reports = (everything[titles.index(title)] for title in expected)
    assert (ledger.holds_data, shown.holds_data) == (True, False)
    assert shown.remove
    (command,) = reports.create
    assert {"--shown=shown", "--reader=group:sales@example.com"} <= set(command.words)


def test_the_sale_index_is_complete_before_any_function_settles_and_before_policies_hide_rows() -> None:
    titles = [each.title for each in resources()]
    expected = [
        *("documents (default)", "tables of dataset tillstream", "sale index of dataset tillstream"),
        *("reports in dataset tillstream_reports", "function settle", "portal portal"),
    ]
    assert sorted(expected, key=titles.index) == expected


def test_duplicate_names_are_listed_once() -> None:
    titles = [each.title for each in resources()]
    assert len(titles) == len(set(titles))


def test_everything_that_gives_up_on_messages_may_hand_them_over() -> None:
    giving_up = {each.name for each in resources() if each.kind == "subscription" and "deadLetterPolicy" in each.wanted}
    assert giving_up == set(accounts.dead_letter_subscriptions())


def test_a_dry_run_lists_every_resource_and_starts_no_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    output: list[str] = []
    everything = resources("prod", ALERT_EMAIL="night@example.com")
    everything = [each for each in everything if not isinstance(each, Retired)]
    Deploy(everything, Gcloud("demo", tmp_path), output.append).commands()
    assert [line[2:] for line in output if line.startswith("# ")] == [each.title for each in everything]
    for each in everything:
        assert each.commands(None), f"{each.title} has no command"
    for line in output:
        for word in line.replace("'", " ").replace("=", " ").split():
            if word.startswith(str(tmp_path)):
                assert Path(word).is_file(), word


def test_nothing_is_deployed_where_there_is_no_package(tmp_path: Path) -> None:
    declared = Declared(stage.read("dev", "demo", "1"), Source()).resources()
    with pytest.raises(Rejected, match="make package"):
        Deploy(declared, Gcloud("demo", tmp_path), lambda _: None).apply()


def test_given_values_override_the_stage_and_fill_names() -> None:
    target = stage.read("prod", "acme", "42", {"REGION": "europe-west3", "SETTLE_MEMORY": "2Gi", "DATASET": ""})
    assert target.region == "europe-west3"
    assert target["PORTAL_ADDRESS"] == "https://portal-42.europe-west3.run.app"
    assert target.bucket("inbox") == "acme-tillstream-prod-inbox"
    assert target["DATASET"] == "tillstream"
    assert target.size("settle", "MEMORY", "1Gi") == "2Gi"
    assert target.size("stage", "MEMORY", "4Gi") == "4Gi"


@pytest.mark.parametrize("name", ["moon", "../dev", ""])
def test_an_unknown_stage_is_rejected_with_the_file_to_create(name: str) -> None:
    with pytest.raises(Rejected, match=r"infra/stages/"):
        stage.read(name, "demo")


def test_differences_are_described_and_foreign_fields_are_ignored() -> None:
    assert list(differences({"above": 5}, {"above": 5.0})) == []
    wanted = {"a": "1", "off": False, "in": {"b": 2}, "list": [{"x": 1}], "words": ["b", "a"]}
    assert list(differences(wanted, {"a": 1, "in": {"b": "2", "c": 3}, "list": [{"x": 1}], "words": ["a", "b"]})) == []
    assert list(differences(wanted, {"a": "1", "off": True, "in": {}, "list": [], "words": ["a"]})) == [
        "off is True instead of False",
        "in.b is not set instead of 2",
        "list: 0 entries instead of 1",
        "words is ['a'] instead of ['b', 'a']",
    ]


def test_a_policy_takes_from_ours_what_is_beyond_the_declared_and_leaves_others_alone() -> None:
    policy = next(each for each in resources() if each.title == "policy of project")
    assert isinstance(policy, Policy)
    ours = "serviceAccount:tillstream-stage@demo.iam.gserviceaccount.com"
    there = [
        {
            "role": role.role,
            "members": [role.member],
            **({"condition": {"expression": role.condition}} if role.condition else {}),
        }
        for role in policy.roles
    ]
    there += [{"role": "roles/editor", "members": [ours, "user:boss@example.com"]}]
    assert policy.differences({"bindings": there}) == [
        "roles/editor of tillstream-stage@demo.iam.gserviceaccount.com is not expected"
    ]
    (command,) = policy.commands({"bindings": there})
    assert "remove-iam-policy-binding" in command.words
    assert f"--member={ours}" in command.words


@pytest.mark.parametrize("name", ["dev", "prod"])
def test_cloud_run_sends_an_instance_of_the_portal_as_many_requests_as_it_has_threads(name: str) -> None:
    """With fewer, open live pages would take the places of all requests."""
    assert int(stage.read(name, "demo")["PORTAL_CONCURRENCY"]) == gunicorn_conf.threads
