"""The roles of each account against the calls of its function, of its job or of the portal: nothing more or less."""

import pytest
from call_recorder import PORTS

from infra.access import entry_points, permissions
from infra.access.accounts import PORTAL_GRANTS
from infra.access.entry_points import CALLS, COME_WITH_ROLES, NOT_RECORDED, PORTAL
from infra.access.grants import Grant
from infra.functions import FUNCTIONS
from infra.jobs import JOBS
from tillstream.model.events import DEAD_LETTERS

GRANTS: dict[str, tuple[Grant, ...]] = {spec.name: spec.grants for spec in (*FUNCTIONS, *JOBS)} | {
    PORTAL: PORTAL_GRANTS
}
each = pytest.mark.parametrize("entry", GRANTS)


def lacking(entry: str, grants: tuple[Grant, ...]) -> set[permissions.Permission]:
    return entry_points.required(entry) - set(permissions.granted_permissions(grants))


def unneeded(entry: str, grants: tuple[Grant, ...]) -> set[permissions.Permission]:
    return permissions.unneeded_permissions(grants, entry_points.required(entry))


def test_every_entry_point_has_its_calls() -> None:
    assert CALLS.keys() == GRANTS.keys()
    named = {call.partition(":")[0] for calls in CALLS.values() for call in calls}
    assert named <= permissions.CALLS.keys()
    assert {call.partition(".")[0] for call in named} == set(PORTS)
    assert all(call in CALLS[entry] for entry, call in NOT_RECORDED)


@each
def test_an_account_has_the_permissions_that_its_calls_need_and_no_others(entry: str) -> None:
    assert lacking(entry, GRANTS[entry]) == set()
    assert unneeded(entry, GRANTS[entry]) == entry_points.come_with_roles(entry)


@each
def test_without_any_of_its_roles_a_call_fails(entry: str) -> None:
    """Grants of folders of one bucket are told apart by their conditions, not by calls."""
    grants = GRANTS[entry]
    needed = [one for one in grants if not one.folder]
    assert [one for one in needed if not lacking(entry, tuple(each for each in grants if each != one))] == []


@each
def test_a_role_that_is_too_much_is_noticed(entry: str) -> None:
    for grant in (
        Grant("roles/pubsub.subscriber", "subscription", "settle"),
        Grant("tillstreamWebhooks", "subscription", DEAD_LETTERS),
        Grant("roles/storage.objectUser", "bucket", "source"),
        Grant("roles/run.invoker", "function", "receive"),
    ):
        assert unneeded(entry, (*GRANTS[entry], grant)) > entry_points.come_with_roles(entry), grant


def test_what_comes_with_a_role_is_of_an_entry_point_and_has_its_reason() -> None:
    for why, entries in COME_WITH_ROLES.values():
        assert why
        assert set(entries.split()) <= GRANTS.keys()


def test_only_the_function_and_forward_change_subscriptions_and_only_those_of_webhooks() -> None:
    changing = {
        (entry, where)
        for entry, grants in GRANTS.items()
        for permission, where in permissions.granted_permissions(grants)
        if permission == "pubsub.subscriptions.update"
    }
    assert changing == {("attach", "webhook-*"), ("forward", "webhook-*")}
    consuming = {
        (entry, where)
        for entry, grants in GRANTS.items()
        for permission, where in permissions.granted_permissions(grants)
        if permission == "pubsub.subscriptions.consume"
    }
    assert consuming == {
        ("receive", "receive"), ("sweep", DEAD_LETTERS), (PORTAL, DEAD_LETTERS), ("forward", "webhook-*")
    }  # fmt: skip
