"""What an evaluation of a rule observed, and its division into causes: one alert is about one cause."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

GROUP = "group:"
"""Begins the subject of a cause that is about several subjects."""


@dataclass(frozen=True)
class Observation:
    """A subject whose value has reached the lower level of a rule. Greater values are worse.

    subject: unique within the rule. title: a sentence with names. text: more about it, empty if there is no more; both
    change only if something happened, not with the time of the evaluation. region: empty for all. store: None for a
    whole region. path: the page about it.
    """

    subject: str
    title: str
    value: Decimal
    threshold: Decimal
    text: str = ""
    region: str = ""
    store: str | None = None
    path: str = ""

    @property
    def group(self) -> str:
        """Where many subjects are one cause: in a region; of subjects that are regions, in all."""
        return "" if self.subject == self.region else self.region

    @property
    def opens(self) -> bool:
        """Whether the value has reached the threshold."""
        return self.value >= self.threshold


@dataclass(frozen=True)
class Cause:
    """What one alert is about: one observation, or several of one region."""

    subject: str
    observations: tuple[Observation, ...]

    @property
    def opens(self) -> bool:
        return any(one.opens for one in self.observations)


def divide_into_causes(
    observations: Iterable[Observation], active: Mapping[str, Collection[str]], group_over: int
) -> list[Cause]:
    """Divide the observations of one rule into causes.

    active: subject of each alert that has not ended → its members. A subject with an alert of its own keeps it. Of the
    others, more than `group_over` in one group are one cause, and all are while that cause has an alert. A subject
    that has not reached the threshold belongs only to an alert that it already has.
    """
    divided: list[Cause] = []
    others: dict[str, list[Observation]] = {}
    for one in observations:
        if one.subject in active:
            divided.append(Cause(one.subject, (one,)))
        elif one.opens or one.subject in active.get(f"{GROUP}{one.group}", ()):
            others.setdefault(one.group, []).append(one)
    for group, members in others.items():
        subject = f"{GROUP}{group}"
        if subject in active or len(members) > group_over:
            divided.append(Cause(subject, tuple(members)))
        else:
            divided += [Cause(one.subject, (one,)) for one in members]
    return divided
