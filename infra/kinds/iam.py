"""Service accounts, the agents of Google's services, and policies: who has which role on what."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from infra.resource import Ask, Command, Resource, gcloud

API = "iam.googleapis.com"
THE_POLICY = "policy"
"""Under which a question that answers one policy keeps it."""
ACCOUNTS = Ask(("iam", "service-accounts", "list"), lambda item: str(item["email"]).partition("@")[0], API)


def account(email: str, says: str) -> Resource:
    name = email.partition("@")[0]
    return Resource(
        "account",
        name,
        ACCOUNTS,
        {"displayName": says, "disabled": False},
        create=(gcloud("iam", "service-accounts", "create", name, f"--display-name={says}"),),
        change=(
            gcloud("iam", "service-accounts", "enable", email),
            gcloud("iam", "service-accounts", "update", email, f"--display-name={says}"),
        ),
        remove=(gcloud("iam", "service-accounts", "delete", email),),
    )


@dataclass(frozen=True, order=True)
class Role:
    """A role of a member. condition: a CEL expression beyond which it does not reach."""

    role: str
    member: str
    condition: str = ""


Change = Callable[[str, Role], tuple[Command, ...]]
"""The commands that `add` or `remove` a role."""


@dataclass(frozen=True)
class Policy(Resource):
    """Who has which role on one resource. What the members that are ours have beyond it is taken from them."""

    roles: frozenset[Role] = frozenset()
    ours: frozenset[str] = frozenset()
    command: Change = lambda _verb, _role: ()

    def differences(self, state: Any) -> list[str]:
        told = [f"{_told(role)} is missing" for role in self.missing(state)]
        return told + [f"{_told(role)} is one too many" for role in self._beyond(state)]

    def commands(self, state: Any) -> tuple[Command, ...]:
        added = [self.command("add", role) for role in self.missing(state)]
        taken = [self.command("remove", role) for role in self._beyond(state)]
        return tuple(command for each in (*added, *taken) for command in each)

    def missing(self, state: Any) -> list[Role]:
        """Roles that are declared and not there."""
        return sorted(self.roles - roles_in(state))

    def _beyond(self, state: Any) -> list[Role]:
        return sorted(role for role in roles_in(state) - self.roles if role.member in self.ours)


def roles_in(state: Any) -> set[Role]:
    return {
        Role(binding["role"], member, (binding.get("condition") or {}).get("expression", ""))
        for binding in (state or {}).get("bindings", ())
        for member in binding["members"]
    }


def _told(role: Role) -> str:
    return f"{role.role} of {role.member.partition(':')[2] or role.member}"


def policy(
    title: str,
    ask: Ask,
    roles: Iterable[Role],
    ours: Iterable[str],
    words: tuple[str, ...],
    on: tuple[str, ...],
    within: Resource | None = None,
) -> Policy:
    """words: the group of commands, such as `pubsub topics`; on: what follows the verb, such as the topic's name."""

    def command(verb: str, role: Role) -> tuple[Command, ...]:
        given = (f"--member={role.member}", f"--role={role.role}", *_condition(role, always=words == ("projects",)))
        return (gcloud(*words, f"{verb}-iam-policy-binding", *on, *given),)

    return Policy(
        *("policy", title, ask, {}, ()),
        within=within,
        roles=frozenset(roles),
        ours=frozenset(ours),
        command=command,
        state_of=THE_POLICY,
    )


def _condition(role: Role, *, always: bool) -> tuple[str, ...]:
    """Of a project gcloud wants to be told that there is none, since other roles of it may have some."""
    if role.condition:
        return (f"--condition=expression={role.condition},title=only-what-it-needs",)
    return ("--condition=None",) if always else ()


def asked(words: tuple[str, ...], on: tuple[str, ...], api: str) -> Ask:
    return Ask((*words, "get-iam-policy", *on), lambda _: THE_POLICY, api)
