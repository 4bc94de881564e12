"""Service accounts and policies: the roles of members on resources."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from infra.resource import Command, Resource, StateQuery, gcloud

API = "iam.googleapis.com"
POLICY_KEY = "policy"
"""The name of the only policy in the result of a policy query."""
CONDITIONAL = {("projects",), ("storage", "buckets")}
"""Command groups of resources whose policies can have conditions."""
ACCOUNTS = StateQuery(("iam", "service-accounts", "list"), lambda item: str(item["email"]).partition("@")[0], API)


def account(email: str, description: str) -> Resource:
    name = email.partition("@")[0]
    return Resource(
        "account",
        name,
        ACCOUNTS,
        {"displayName": description, "disabled": False},
        create=(gcloud("iam", "service-accounts", "create", name, f"--display-name={description}"),),
        change=(
            gcloud("iam", "service-accounts", "enable", email),
            gcloud("iam", "service-accounts", "update", email, f"--display-name={description}"),
        ),
        remove=(gcloud("iam", "service-accounts", "delete", email),),
    )


def own_role(name: str, permissions: Iterable[str]) -> Resource:
    """A role of our own; its name begins with `tillstream`. It is never removed: the name of a deleted role is blocked
    for weeks."""
    title = f"Tillstream: {name.removeprefix('tillstream').lower()}"
    options = (name, f"--title={title}", f"--permissions={','.join(sorted(permissions))}", "--stage=GA")
    return Resource(
        "role",
        name,
        StateQuery(("iam", "roles", "describe", name), lambda item: str(item["name"]).rpartition("/")[2], API),
        {"title": title, "includedPermissions": sorted(permissions), "stage": "GA", "deleted": False},
        create=(gcloud("iam", "roles", "create", *options),),
        change=(gcloud("iam", "roles", "update", *options),),
    )


@dataclass(frozen=True, order=True)
class Role:
    """A role of a member. condition: a CEL expression that restricts it."""

    role: str
    member: str
    condition: str = ""


Change = Callable[[str, Role], tuple[Command, ...]]
"""The commands that `add` or `remove` a role."""


@dataclass(frozen=True)
class Policy(Resource):
    """The roles on one resource. Undeclared roles of managed members are revoked."""

    roles: frozenset[Role] = frozenset()
    managed: frozenset[str] = frozenset()
    managed_roles: frozenset[str] = frozenset()
    """Roles that are revoked from every group and domain that is not declared."""
    command: Change = lambda _verb, _role: ()

    def differences(self, state: Any) -> list[str]:
        reported = [f"{_display(role)} is missing" for role in self.missing(state)]
        return reported + [f"{_display(role)} is not expected" for role in self._excess(state)]

    def commands(self, state: Any) -> tuple[Command, ...]:
        added = [self.command("add", role) for role in self.missing(state)]
        revoked = [self.command("remove", role) for role in self._excess(state)]
        return tuple(command for commands in (*added, *revoked) for command in commands)

    def missing(self, state: Any) -> list[Role]:
        """Declared roles that are not granted."""
        return sorted(self.roles - roles_in(state))

    def _excess(self, state: Any) -> list[Role]:
        return sorted(role for role in roles_in(state) - self.roles if self._is_managed(role))

    def _is_managed(self, role: Role) -> bool:
        return role.member in self.managed or (
            role.role in self.managed_roles and role.member.startswith(("group:", "domain:"))
        )


def roles_in(state: Any) -> set[Role]:
    return {
        Role(binding["role"], member, (binding.get("condition") or {}).get("expression", ""))
        for binding in (state or {}).get("bindings", ())
        for member in binding["members"]
    }


def _display(role: Role) -> str:
    return f"{role.role} of {role.member.partition(':')[2] or role.member}"


def policy(
    title: str,
    ask: StateQuery,
    roles: Iterable[Role],
    managed: Iterable[str],
    words: tuple[str, ...],
    on: tuple[str, ...],
    within: Resource | None = None,
) -> Policy:
    """The policy of one resource.

    words: the command group, such as `pubsub topics`; on: arguments after the verb, such as the topic's name.
    """

    def command(verb: str, role: Role) -> tuple[Command, ...]:
        options = (f"--member={role.member}", f"--role={role.role}", *_condition(role, always=words in CONDITIONAL))
        return (gcloud(*words, f"{verb}-iam-policy-binding", *on, *options),)

    return Policy(
        *("policy", title, ask, {}, ()),
        within=within,
        roles=frozenset(roles),
        managed=frozenset(managed),
        command=command,
        state_key=POLICY_KEY,
    )


def _condition(role: Role, *, always: bool) -> tuple[str, ...]:
    """Options for the role's condition. always: where gcloud requires `None` if there is no condition."""
    if role.condition:
        return (f"--condition=expression={role.condition},title=only-what-it-needs",)
    return ("--condition=None",) if always else ()


def policy_query(words: tuple[str, ...], on: tuple[str, ...], api: str) -> StateQuery:
    return StateQuery((*words, "get-iam-policy", *on), lambda _: POLICY_KEY, api)
