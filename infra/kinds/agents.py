"""The agents of Google's services: accounts of Google's in the project, which must exist before a role names them."""

from collections.abc import Iterable
from typing import Any

from infra.kinds.iam import Policy, roles_in
from infra.resource import Ask, Resource, gcloud

NOBODY_ASKED = Ask((), lambda _: "", "")


def agent(api: str, member: str) -> Resource:
    """gcloud has one way for Cloud Storage and another for the rest; made twice it is the same."""
    made = ("storage", "service-agent") if api == "storage.googleapis.com" else _identity(api)
    return Resource("agent", member.partition(":")[2], NOBODY_ASKED, {}, (gcloud(*made),))


def _identity(api: str) -> tuple[str, ...]:
    return ("beta", "services", "identity", "create", f"--service={api}")


def is_missed(resource: Resource, policies: Iterable[tuple[Policy, Any]]) -> bool:
    """Agents cannot be listed: one that has some role of those declared is there. policies: each with its state."""
    member = f"serviceAccount:{resource.name}"
    return not any(role.member == member for policy, state in policies for role in policy.roles & roles_in(state))
