"""The plan: differences between a project and its declaration, and the commands that resolve them."""

from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from infra.gcloud import Gcloud
from infra.kinds import services
from infra.kinds.iam import Policy
from infra.kinds.services import ENABLED
from infra.resource import Command, Resource, Retired, StateQuery

WORKERS = 4
"""Concurrent queries of the project; each is a process."""


@dataclass(frozen=True)
class Step:
    """One resource that differs from its declaration."""

    resource: Resource
    state: Any
    differences: Sequence[str]
    unfixable: Sequence[str] = ()
    """Differences that no command resolves."""

    @property
    def commands(self) -> tuple[Command, ...]:
        return self.resource.commands(self.state)

    def summary(self) -> str:
        if isinstance(self.resource, Retired):
            return f"remove {self.resource.title}"
        if self.state is None and not isinstance(self.resource, Policy):
            return f"make {self.resource.title}"
        return f"change {self.resource.title}: {'; '.join(self.differences)}"


class Project:
    """The states of a project's resources; each query runs once, several concurrently."""

    def __init__(self, gcloud: Gcloud) -> None:
        self._gcloud = gcloud
        self._answers: dict[tuple[str, ...], Any] = {}
        self._enabled: set[str] = set()

    def read(self, resources: Sequence[Resource]) -> None:
        """Run the list queries first, then those of single resources whose parent exists."""
        self._ask([ENABLED])
        self._enabled = set(ENABLED.states(self._answers[ENABLED.words]))
        for depth in range(1 + max(map(_depth, resources))):
            self._ask([each.ask for each in resources if _depth(each) == depth and self._may_ask(each)])

    def state(self, resource: Resource) -> Any:
        """The state; None if the resource does not exist."""
        answer = self._answers.get(resource.ask.words)
        if answer is None or (resource.within is not None and self.state(resource.within) is None):
            return None
        return resource.state_in(answer)

    def again(self, resource: Resource) -> Any:
        """The current state, queried again, regardless of its parent."""
        answer = self._gcloud.ask(resource.ask)
        return None if answer is None else resource.state_in(answer)

    def _may_ask(self, resource: Resource) -> bool:
        query, parent = resource.ask, resource.within
        parent_exists = parent is None or self.state(parent) is not None
        return bool(query.words) and parent_exists and (not query.api or query.api in self._enabled)

    def _ask(self, asks: Iterable[StateQuery]) -> None:
        new = {ask.words: ask for ask in asks if ask.words not in self._answers}
        with ThreadPoolExecutor(WORKERS) as pool:
            self._answers |= zip(new, pool.map(self._gcloud.ask, new.values()), strict=True)


def _depth(resource: Resource) -> int:
    return 0 if resource.within is None else 1 + _depth(resource.within)


def plan(resources: Sequence[Resource], project: Project) -> list[Step]:
    """The steps, in order. If a resource is recreated, so are the resources within it."""
    policies = [(each, project.state(each)) for each in resources if isinstance(each, Policy)]
    steps: list[Step] = []
    for resource in resources:
        if resource.ask is services.NO_QUERY:
            if services.is_missing(resource, policies):
                steps.append(Step(resource, None, ["is missing"]))
            continue
        state = project.state(resource)
        if any(step.resource is resource.within and step.resource.replaced for step in steps):
            state = None
        differences = (
            ["is missing"]
            if state is None and not isinstance(resource, Policy | Retired)
            else resource.differences(state)
        )
        if not differences and any(step.resource is resource.follows for step in steps):
            differences = [f"follows {resource.follows.title}" if resource.follows else ""]
        if differences:
            steps.append(Step(resource, state, differences, resource.unfixable(state)))
    return steps
