"""Rules: what raises an alert, where, and who is notified."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from tillstream.domain.alerts.kind import Kind, KindName, Limit, Severity
from tillstream.domain.alerts.kinds import kind_of
from tillstream.domain.alerts.quiet_hours import QuietHours
from tillstream.model.errors import Rejected

LONGEST_NAME = 80
MOST_MINUTES = 7 * 24 * 60
GROUP_OVER = 5


@dataclass(frozen=True)
class Delivery:
    """Who is notified. channels, escalate_to: ids of channels. digest: notices are collected, and sent together.

    escalate_after: minutes until an alert that nobody acknowledged is sent to `escalate_to`; 0: never.
    """

    channels: tuple[str, ...] = ()
    digest: bool = False
    quiet: QuietHours | None = None
    escalate_after: int = 0
    escalate_to: tuple[str, ...] = ()


@dataclass(frozen=True)
class AlertRule:
    """A rule. limits: the values that it is limited to; without one, all. opens_after, ends_after: minutes.

    group_over: more subjects than this in one region are one alert.
    """

    id: str
    kind: KindName
    name: str
    severity: Severity
    parameters: Mapping[str, Decimal]
    opens_after: int
    ends_after: int
    margin: int
    is_enabled: bool = True
    limits: Mapping[Limit, tuple[str, ...]] = field(default_factory=dict)
    group_over: int = GROUP_OVER
    delivery: Delivery = Delivery()

    @classmethod
    def of_kind(cls, id: str, kind: Kind, *, is_enabled: bool = True) -> "AlertRule":
        """The rule of a kind with all defaults."""
        return cls(
            id,
            kind.name,
            kind.label,
            kind.severity,
            kind.defaults(),
            kind.opens_after,
            kind.ends_after,
            kind.margin,
            is_enabled,
        )

    @property
    def of(self) -> Kind:
        return kind_of(self.kind)

    @property
    def threshold(self) -> Decimal:
        return self.parameters[self.of.threshold.name]

    @property
    def lower(self) -> Decimal:
        """The value below which an alert ends."""
        return self.threshold * (100 - self.margin) / 100

    def covers(self, limit: Limit, value: str | None) -> bool:
        chosen = self.limits.get(limit, ())
        return not chosen or value in chosen

    def covers_place(self, region: str, store: str | None = None) -> bool:
        return self.covers(Limit.REGIONS, region) and self.covers(Limit.STORES, store)

    def checked(self) -> "AlertRule":
        """The rule with a tidy name. Raises `Rejected` for values that a rule cannot have."""
        name = " ".join(self.name.split())
        if not name or len(name) > LONGEST_NAME:
            raise Rejected(f"Name the rule with at most {LONGEST_NAME} characters.")
        minutes = (self.opens_after, self.ends_after, self.delivery.escalate_after)
        if not all(0 <= one <= MOST_MINUTES for one in minutes):
            raise Rejected(f"Enter minutes from 0 to {MOST_MINUTES:,}.")
        if not 0 <= self.margin < 100:
            raise Rejected("An alert ends 0 to 99 percent below its threshold.")
        if not 1 <= self.group_over <= 100:
            raise Rejected("Group more than 1 to 100 alerts.")
        unusable = [one for one in self.limits if one not in self.of.limits]
        if unusable:
            raise Rejected(f"A rule “{self.of.label}” cannot be limited to {', '.join(unusable)}.")
        parameters = self.of.parse({name: str(value) for name, value in self.parameters.items()})
        return replace(self, name=name, parameters=parameters)


def to_json(rule: AlertRule) -> dict[str, Any]:
    """As stored; numbers of parameters are text."""
    quiet = rule.delivery.quiet
    return {
        "kind": rule.kind.value,
        "name": rule.name,
        "enabled": rule.is_enabled,
        "severity": rule.severity.value,
        "parameters": {name: str(value) for name, value in rule.parameters.items()},
        "limits": {name.value: list(values) for name, values in rule.limits.items() if values},
        "opens_after": rule.opens_after,
        "ends_after": rule.ends_after,
        "margin": rule.margin,
        "group_over": rule.group_over,
        "channels": list(rule.delivery.channels),
        "digest": rule.delivery.digest,
        "quiet": {"start": f"{quiet.start:%H:%M}", "end": f"{quiet.end:%H:%M}", "zone": quiet.zone} if quiet else None,
        "escalate_after": rule.delivery.escalate_after,
        "escalate_to": list(rule.delivery.escalate_to),
    }


def from_json(id: str, data: Mapping[str, Any]) -> AlertRule:
    """Parameters that were added to the kind later have their defaults."""
    kind = kind_of(data["kind"])
    stored = {name: Decimal(value) for name, value in data["parameters"].items()}
    return AlertRule(
        id,
        kind.name,
        data["name"],
        Severity(data["severity"]),
        {one.name: stored.get(one.name, one.default) for one in kind.parameters},
        data["opens_after"],
        data["ends_after"],
        data["margin"],
        data["enabled"],
        {Limit(name): tuple(values) for name, values in data["limits"].items()},
        data["group_over"],
        Delivery(
            tuple(data["channels"]),
            data["digest"],
            QuietHours.parse(**data["quiet"]) if data["quiet"] else None,
            data["escalate_after"],
            tuple(data["escalate_to"]),
        ),
    )
