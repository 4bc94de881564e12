"""A plan: what differs between a project and what it should hold, and the commands that bring it there."""

from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from infra.gcloud import Gcloud
from infra.kinds import agents
from infra.kinds.iam import Policy
from infra.kinds.services import ENABLED
from infra.resource import Ask, Command, Resource

AT_ONCE = 4
"""Questions to the project side by side: each is a process of its own."""


@dataclass(frozen=True)
class Step:
    """One resource that is not as it should be."""

    resource: Resource
    state: Any
    differences: Sequence[str]
    stuck: Sequence[str] = ()
    """Differences that no command mends."""

    @property
    def commands(self) -> tuple[Command, ...]:
        return self.resource.commands(self.state)

    def told(self) -> str:
        does = "make" if self.state is None and not isinstance(self.resource, Policy) else "change"
        if does == "make":
            return f"make {self.resource.title}"
        return f"change {self.resource.title}: {'; '.join(self.differences)}"


class Project:
    """The states of a project's resources, each question asked once; several at a time."""

    def __init__(self, gcloud: Gcloud) -> None:
        self._gcloud = gcloud
        self._answers: dict[tuple[str, ...], Any] = {}
        self._enabled: set[str] = set()

    def read(self, resources: Sequence[Resource]) -> None:
        """Lists first; then what is asked of single things, where they exist."""
        self._ask([ENABLED])
        self._enabled = set(ENABLED.states(self._answers[ENABLED.words]))
        for depth in range(1 + max(map(_depth, resources))):
            self._ask([each.ask for each in resources if _depth(each) == depth and self._may_ask(each)])

    def state(self, resource: Resource) -> Any:
        """None where it is not there."""
        answer = self._answers.get(resource.ask.words)
        if answer is None or (resource.within is not None and self.state(resource.within) is None):
            return None
        return resource.named_in(answer)

    def again(self, resource: Resource) -> Any:
        """Its state as it is now, whatever it is within."""
        answer = self._gcloud.ask(resource.ask)
        return None if answer is None else resource.named_in(answer)

    def _may_ask(self, resource: Resource) -> bool:
        asked, parent = resource.ask, resource.within
        there = parent is None or self.state(parent) is not None
        return bool(asked.words) and there and (not asked.api or asked.api in self._enabled)

    def _ask(self, asks: Iterable[Ask]) -> None:
        new = {ask.words: ask for ask in asks if ask.words not in self._answers}
        with ThreadPoolExecutor(AT_ONCE) as pool:
            self._answers |= zip(new, pool.map(self._gcloud.ask, new.values()), strict=True)


def _depth(resource: Resource) -> int:
    return 0 if resource.within is None else 1 + _depth(resource.within)


def plan(resources: Sequence[Resource], project: Project) -> list[Step]:
    """The steps, in order. What stands within something that is made anew is made anew, too."""
    policies = [(each, project.state(each)) for each in resources if isinstance(each, Policy)]
    steps: list[Step] = []
    for resource in resources:
        if resource.ask is agents.NOBODY_ASKED:
            if agents.is_missed(resource, policies):
                steps.append(Step(resource, None, ["is missing"]))
            continue
        state = project.state(resource)
        if any(step.resource is resource.within and step.resource.replaced for step in steps):
            state = None
        found = ["is missing"] if state is None and not isinstance(resource, Policy) else resource.differences(state)
        if found:
            steps.append(Step(resource, state, found, resource.stuck(state)))
    return steps
