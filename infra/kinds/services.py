"""Google's services (APIs) that must be enabled in the project, and their agents: Google-managed accounts that must
exist before they are granted a role.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from infra.kinds.iam import Policy, roles_in
from infra.resource import Command, Resource, StateQuery, gcloud

ENABLED = StateQuery(("services", "list", "--enabled"), lambda item: str(item["config"]["name"]), "")
NO_QUERY = StateQuery((), lambda _: "", "")


class Services(Resource):
    """All services in one command, because enabling twenty takes no longer than enabling one."""

    def state_in(self, answer: Any) -> Mapping[str, Any]:
        return {api: item["state"] for api, item in self.ask.states(answer).items()}

    def commands(self, state: Any) -> tuple[Command, ...]:
        return (gcloud("services", "enable", *(api for api in self.wanted if api not in (state or {}))),)


def services(apis: Sequence[str]) -> Services:
    return Services("services", "of Google", ENABLED, dict.fromkeys(apis, "ENABLED"), ())


def agent(api: str, member: str) -> Resource:
    """The agent of a service. gcloud has a separate command for that of Cloud Storage; both are idempotent."""
    words = ("storage", "service-agent") if api == "storage.googleapis.com" else _identity(api)
    return Resource("agent", member.partition(":")[2], NO_QUERY, {}, (gcloud(*words),))


def _identity(api: str) -> tuple[str, ...]:
    return ("beta", "services", "identity", "create", f"--service={api}")


def is_missing(resource: Resource, policies: Iterable[tuple[Policy, Any]]) -> bool:
    """Whether the agent has none of its declared roles, as agents cannot be listed. policies: each with its state."""
    member = f"serviceAccount:{resource.name}"
    return not any(role.member == member for policy, state in policies for role in policy.roles & roles_in(state))
