"""What a project holds: least privilege, one order, one file of names and sizes a stage."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from infra import stage
from infra.access import accounts, permissions
from infra.access.grants import SQL_ACCOUNTS
from infra.declared import Declared
from infra.deploy import Deploy
from infra.functions import FUNCTIONS
from infra.gcloud import Gcloud
from infra.kinds.iam import Policy, Role
from infra.resource import Resource, Retired, differences
from infra.source import UNKNOWN, Source
from tillstream.model.errors import Rejected
from tillstream.model.events import WEBHOOK_PLACES

TOO_MUCH = {"roles/owner", "roles/editor", "roles/viewer", "roles/iam.serviceAccountUser"}
QUERIES = "projects/demo/roles/tillstreamQueries"
PROJECT_WIDE = {
    QUERIES,  # to run queries at all, and to read their rows; the dataset grants what they may read
    "roles/bigquery.dataEditor",  # of one table
    "roles/bigquery.jobUser",  # of readers, and of the accounts of SQL
    "roles/datastore.user",  # bound to one database by a condition
    "roles/datastore.viewer",  # bound likewise
    "roles/logging.logWriter",
    "roles/monitoring.viewer",  # the portal: how many messages wait; metrics are granted by project
    "roles/pubsub.viewer",
    "roles/pubsub.subscriber",  # of Pub/Sub's agent: subscriptions of `tillstream subscribe` have no name yet
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
    bounded = {"roles/datastore.user", "roles/datastore.viewer", "roles/secretmanager.secretAccessor"}
    data = [role for role in wide if role.role in bounded]
    assert data
    assert all(role.condition for role in data)


def test_only_the_agent_reads_every_subscription_and_no_account_may_create_or_delete_one() -> None:
    readers = {
        role.member for where, role in roles() if (where, role.role) == ("of project", "roles/pubsub.subscriber")
    }
    assert readers == {"serviceAccount:service-123@gcp-sa-pubsub.iam.gserviceaccount.com"}
    attaching = {(where, role.member) for where, role in roles() if role.role.endswith("/tillstreamWebhooks")}
    accounts = [f"serviceAccount:tillstream-{name}@demo.iam.gserviceaccount.com" for name in ("attach", "forward")]
    assert attaching == {(f"of subscription {name}", member) for name in WEBHOOK_PLACES for member in accounts}
    held = {permission for one in permissions.ROLES.values() for permission in one}
    assert not {
        name for name in held if re.search(r"pubsub\.(subscriptions\.(create|delete)|topics\.(?!publish))", name)
    }


def test_a_deploy_leaves_the_retention_of_an_attached_webhook_alone() -> None:
    (webhook,) = (each for each in resources() if each.title == "subscription webhook-7")
    attached = {**webhook.wanted, "messageRetentionDuration": "604800s"}
    assert webhook.differences(attached) == []
    assert "--message-retention-duration=600s" in webhook.create[0].words
    assert not any("retention" in word for word in webhook.change[0].words)


def test_accounts_of_sql_run_queries_read_the_views_and_have_no_other_role() -> None:
    emails = [f"{name}@demo.iam.gserviceaccount.com" for name in SQL_ACCOUNTS]
    held = {(where, role.role) for where, role in roles() if role.member.partition(":")[2] in emails}
    assert held == {("of project", "roles/bigquery.jobUser")}
    creators = {(where, role.member) for where, role in roles() if where.startswith("of account tillstream-sql-")}
    portal = "serviceAccount:tillstream-portal@demo.iam.gserviceaccount.com"
    assert creators == {(f"of account {email.partition('@')[0]}", portal) for email in emails}
    by_kind = {each.kind: each for each in resources()}
    (words,) = (command.words for command in by_kind["reports"].create)
    assert [word for word in words if word.startswith("--reader=")] == [
        f"--reader=serviceAccount:{email}" for email in emails
    ]
    assert not {f"--account={email}" for email in emails} & set(words)
    environment = {one["name"]: one["value"] for one in container(by_kind["portal"])["env"] if "value" in one}
    assert environment["TILLSTREAM_SQL_ACCOUNTS"].split() == emails
    assert environment["TILLSTREAM_REPORTS_DATASET"] == "tillstream_reports"


def container(portal: Resource) -> Any:
    return portal.wanted["spec"]["template"]["spec"]["containers"][0]


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


def test_only_the_inbox_notifies_so_that_staging_makes_no_loop_and_its_agent_may_publish_before() -> None:
    titles = [each.title for each in resources()]
    notifying = [title for title in titles if title.startswith("notification ")]
    assert notifying == ["notification demo-tillstream-dev-inbox"]
    assert titles.index("policy of topic object-events") < titles.index(notifying[0])
    publishers = {role.member for where, role in roles() if where == "of topic object-events"}
    assert "serviceAccount:service-123@gs-project-accounts.iam.gserviceaccount.com" in publishers


def test_what_an_earlier_version_created_goes_when_its_successor_is_there() -> None:
    titles = [each.title for each in resources()]
    trigger, notification = "trigger stage-finalized", "notification demo-tillstream-dev-inbox"
    assert titles.index(notification) < titles.index(trigger)
    assert titles.index("Cloud Function settle") < titles.index("function settle")


def test_the_address_of_a_function_is_that_of_its_pushes_and_calls() -> None:
    by_title = {each.title: each.wanted for each in resources()}
    to = "https://announce-123.europe-west1.run.app"
    push = by_title["subscription announce"]["pushConfig"]
    assert (push["pushEndpoint"], push["oidcToken"]["audience"]) == (to, to)
    call = by_title["schedule sweep"]["httpTarget"]
    assert {call["uri"], call["oidcToken"]["audience"]} == {"https://sweep-123.europe-west1.run.app"}


def test_browsers_upload_from_every_address_of_the_portal() -> None:
    own = "https://sales.example.com"
    everything = {each.title: each for each in resources(PORTAL_ADDRESS=own)}
    origins = everything["upload origins demo-tillstream-dev-inbox"]
    two = [own, "https://portal-123.europe-west1.run.app"]
    (rule,) = json.loads(origins.create[0].files["demo-tillstream-dev-inbox.cors.json"])
    assert rule["origin"] == [*two, "{portal}"]
    three = {"cors_config": [rule | {"origin": [*two, "https://portal-x-ew.a.run.app"]}]}
    assert origins.differences(three) == []
    assert origins.differences({"cors_config": [rule | {"origin": two}]}) == [
        "uploads are allowed from https://sales.example.com, https://portal-123.europe-west1.run.app"
    ]
    assert origins.differences({}) == ["uploads are allowed from nowhere"]


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
    everything = resources("prod", ALERT_EMAIL="night@example.com", BILLING_ACCOUNT="1", BUDGET_MONTHLY="200")
    everything = [each for each in everything if not isinstance(each, Retired)]
    Deploy(everything, Gcloud("demo", tmp_path), output.append).commands()
    assert [line[2:] for line in output if line.startswith("# ")] == [each.title for each in everything]
    for each in everything:
        assert each.commands(None), f"{each.title} has no command"
        for command in each.commands(None):
            line = Gcloud("demo", tmp_path).line(command)
            assert not [name for name in command.answers if f"{{{name}}}" in line.replace(f"s|{{{name}}}|", "")], line
    for line in output:
        for word in line.replace("'", " ").replace("=", " ").split():
            if word.startswith(str(tmp_path)):
                assert Path(word).is_file(), word


def test_nothing_is_deployed_where_there_is_no_clone(tmp_path: Path) -> None:
    declared = Declared(stage.read("dev", "demo", "1"), Source()).resources()
    with pytest.raises(Rejected, match="in a clone"):
        Deploy(declared, Gcloud("demo", tmp_path), lambda _: None, has_source=False).apply()


def test_readers_run_queries_and_groups_that_are_no_longer_listed_do_not() -> None:
    with_readers = resources(READERS="group:sales@example.com domain:example.com")
    policy = next(each for each in with_readers if each.title == "policy of project")
    assert isinstance(policy, Policy)
    readers = {role.member for role in policy.roles if role.role == "roles/bigquery.jobUser"}
    assert {"group:sales@example.com", "domain:example.com"} <= readers
    members = ["group:former@example.com", "user:engineer@example.com"]
    state = {"bindings": [{"role": "roles/bigquery.jobUser", "members": [*sorted(readers), *members]}]}
    revoked = [command for command in policy.commands(state) if "remove-iam-policy-binding" in command.words]
    assert ["--member=group:former@example.com" in command.words for command in revoked] == [True]


def test_the_role_of_queries_contains_what_jobs_and_fast_reads_need() -> None:
    (role,) = (each for each in resources() if each.title == "role tillstreamQueries")
    assert role.wanted["includedPermissions"] == [
        "bigquery.jobs.create",
        "bigquery.readsessions.create",
        "bigquery.readsessions.getData",
        "bigquery.readsessions.update",
    ]
    titles = {each.name: each.wanted["title"] for each in resources() if each.kind == "role"}
    assert titles == {"tillstreamQueries": "Tillstream: queries", "tillstreamWebhooks": "Tillstream: webhooks"}


def test_an_earlier_version_has_the_role_of_queries_before_it_loses_those_that_it_replaces() -> None:
    policy = next(each for each in resources() if each.title == "policy of project")
    assert isinstance(policy, Policy)
    now = [
        (role.role, role.member, {"condition": {"expression": role.condition}} if role.condition else {})
        for role in policy.roles
    ]
    queried = [member for role, member, _ in now if role == QUERIES]
    before = [one for one in now if one[0] != QUERIES]
    before += [(f"roles/bigquery.{name}", one, {}) for name in ("jobUser", "readSessionUser") for one in queried]
    state = {"bindings": [{"role": role, "members": [member], **bound} for role, member, bound in before]}
    verbs = [command.words[1] for command in policy.commands(state)]
    assert queried
    adds, removes = ([f"{verb}-iam-policy-binding"] * len(queried) for verb in ("add", "remove"))
    assert verbs == [*adds, *removes, *removes]


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


def test_dead_letters_that_were_listed_come_again_at_once() -> None:
    """With a delay, those that somebody looked at could not be sent again for up to ten minutes."""
    declared = Declared(stage.read("dev", "demo", "123"), UNKNOWN).resources()
    (letters,) = (each for each in declared if each.kind == "subscription" and each.name == "dead-letters")
    assert not any("retry" in word for word in letters.create[0].words)
    assert "--clear-retry-policy" in letters.change[0].words
    state = {**letters.wanted, "retryPolicy": {"minimumBackoff": "10s", "maximumBackoff": "600s"}}
    assert [text.partition(" ")[0] for text in letters.differences(state)] == ["retryPolicy"]
    assert letters.differences({name: value for name, value in state.items() if name != "retryPolicy"}) == []
