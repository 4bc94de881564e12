"""The order of steps: what each resource needs before it, and what must not change at the same time."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from infra.resource import Resource

WORKERS = 8
"""Concurrent steps; each is a process of gcloud."""
_MEMBERS = ("account", "agent", "role")
_RUNNING = (
    *("image", "account", "secret", "secret's value", "policy", "tables", "writers", "sale index", "reports"),
    "index",
)
AFTER: Mapping[str, tuple[str, ...]] = {
    "services": (),
    **dict.fromkeys(
        (
            *("agent", "account", "role", "bucket", "schema", "documents", "dataset", "repository", "secret"),
            *("figure of logs", "channel", "check", "tables", "view", "secret's value", "field without index"),
            "index",
        ),
        ("services",),
    ),
    "topic": ("services", "schema"),
    "subscription": ("topic", *_MEMBERS),
    "writers": ("tables", "account"),
    "sale index": ("services", "tables"),
    "reports": ("tables", "sale index", "account"),
    "policy": ("services", *_MEMBERS),
    "image": (
        *("repository", "bucket", *_MEMBERS),
        *("policy of project", "policy of bucket source", "policy of repository tillstream"),
    ),
    "spark image": ("image",),
    "Cloud Function": ("services",),
    "function": (*_RUNNING, "Cloud Function"),
    "job": _RUNNING,
    "portal": _RUNNING,
    "schedule": ("function", "policy"),
    "upload origins": ("bucket", "portal"),
    "notification": ("topic", "policy", "function"),
    "trigger": ("notification",),
    "alert": ("figure of logs", "channel"),
    "dashboard": ("figure of logs",),
    "budget": ("services", "channel"),
}
"""Kind → the kinds or titles of earlier resources that it needs, besides the one that it is within.

A kind that is missing here needs all earlier resources.
"""
_ALONE = {
    **dict.fromkeys(("index", "field without index"), "indexes of documents"),
    **dict.fromkeys(("alert", "figure of logs", "channel", "check", "dashboard"), "configuration of monitoring"),
    "reports": "policy of dataset",
}
"""Kind → what its steps change together with others. Google refuses concurrent changes of it."""


def waits_for(resources: Sequence[Resource], changing: Collection[str]) -> dict[str, set[str]]:
    """Title of each changing resource → the titles of those changing ones that must be done before.

    resources: all of them, each after those that it needs; changing: the titles of those with a step.
    """
    needed: dict[str, set[str]] = {}
    for number, resource in enumerate(resources):
        kinds = AFTER.get(resource.kind)
        before = [one for one in resources[:number] if kinds is None or _precedes(one, resource, kinds)]
        titles = {one.title for one in before}
        through = (needed[title] for title in titles - set(changing))
        needed[resource.title] = (titles & set(changing)).union(*through)
    return {title: needed[title] for title in changing}


def _precedes(one: Resource, resource: Resource, kinds: Collection[str]) -> bool:
    return one is resource.within or one.kind in kinds or one.title in kinds


def alone(resource: Resource) -> str:
    """What the steps of this resource and of others change, one at a time; empty: nothing in common."""
    if resource.title.startswith("policy of dataset"):
        return "policy of dataset"
    return _ALONE.get(resource.kind, "")


@dataclass
class Queue:
    """The steps that can start now. waiting: title → titles that must be done before, in the order of starts."""

    waiting: dict[str, set[str]]
    groups: Mapping[str, str]
    """Title → what it changes together with others."""

    def start(self, running: Collection[str], workers: int = WORKERS) -> list[str]:
        """Take the steps that can start beside the running ones."""
        taken: list[str] = []
        for title, before in self.waiting.items():
            busy = {self.groups[one] for one in (*running, *taken)} - {""}
            if len(running) + len(taken) < workers and not before and self.groups[title] not in busy:
                taken.append(title)
        for title in taken:
            del self.waiting[title]
        return taken

    def finish(self, title: str) -> None:
        for before in self.waiting.values():
            before.discard(title)


def queue(resources: Sequence[Resource], changing: Sequence[Resource]) -> Queue:
    """The queue of these changing resources, which are some of `resources`.

    What the image needs comes first, because its build takes longest.
    """
    first = sorted(changing, key=lambda each: not {each.kind, each.title}.intersection(("image", *AFTER["image"])))
    waiting = waits_for(resources, [each.title for each in first])
    return Queue(waiting, {each.title: alone(each) for each in changing})
