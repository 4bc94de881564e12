"""Alert rules: what raises an alert, where, who is notified and in which hours; rules as documents."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from tillstream.alerts.kinds import KINDS, AlertKind, AlertSeverity, RuleLimit, kind_of
from tillstream.model.audit import AuditAction
from tillstream.model.errors import Conflict, NotFound, Rejected
from tillstream.ports import Ports
from tillstream.ports.documents import Document, Put
from tillstream.records import audit_log
from tillstream.records.collection import only_differences

MAX_NAME_LETTERS = 80
MAX_MINUTES = 7 * 24 * 60
GROUP_OVER = 5

RULES_COLLECTION = "alert_rules"
MAX_RULES = 200


@dataclass(frozen=True)
class QuietHours:
    """From `start` to `end` on the clock of a time zone; over midnight if `end` is earlier."""

    start: time
    end: time
    zone: str

    @classmethod
    def parse(cls, start: str, end: str, zone: str) -> "QuietHours | None":
        """Times such as 22:00; None if both are empty. Raises `Rejected`."""
        if not start and not end:
            return None
        if zone not in available_timezones():
            raise Rejected(f"“{zone}” is not a time zone. Name one such as Europe/London.")
        try:
            hours = cls(time.fromisoformat(start), time.fromisoformat(end), zone)
        except ValueError as error:
            raise Rejected("Quiet hours are two times such as 22:00 and 07:00.") from error
        if hours.start == hours.end:
            raise Rejected("Quiet hours must end at another time than they start.")
        return hours

    def contain(self, at: datetime) -> bool:
        local = at.astimezone(ZoneInfo(self.zone)).time()
        if self.start < self.end:
            return self.start <= local < self.end
        return local >= self.start or local < self.end

    def due(self, at: datetime) -> datetime:
        """The instant, or the end of the quiet hours that contain it."""
        if not self.contain(at):
            return at
        local = at.astimezone(ZoneInfo(self.zone))
        end = local.replace(hour=self.end.hour, minute=self.end.minute, second=0, microsecond=0)
        ended = (end if end > local else end + timedelta(days=1)).astimezone(UTC)
        return max(ended, at)  # a local time that a change of the clocks repeats may be earlier


@dataclass(frozen=True)
class RuleDelivery:
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
    kind: str
    name: str
    severity: AlertSeverity
    parameters: Mapping[str, Decimal]
    opens_after: int
    ends_after: int
    margin: int
    is_enabled: bool = True
    limits: Mapping[RuleLimit, tuple[str, ...]] = field(default_factory=dict)
    group_over: int = GROUP_OVER
    delivery: RuleDelivery = RuleDelivery()

    @classmethod
    def of_kind(cls, id: str, kind: AlertKind, *, is_enabled: bool = True) -> "AlertRule":
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
    def alert_kind(self) -> AlertKind:
        return kind_of(self.kind)

    @property
    def threshold(self) -> Decimal:
        return self.parameters[self.alert_kind.threshold.name]

    @property
    def lower(self) -> Decimal:
        """The value below which an alert ends."""
        return self.threshold * (100 - self.margin) / 100

    def covers(self, limit: RuleLimit, value: str | None) -> bool:
        chosen = self.limits.get(limit, ())
        return not chosen or value in chosen

    def covers_place(self, region: str, store: str | None = None) -> bool:
        return self.covers(RuleLimit.REGIONS, region) and self.covers(RuleLimit.STORES, store)

    def checked(self) -> "AlertRule":
        """The rule with a tidy name. Raises `Rejected` for values that a rule cannot have."""
        name = " ".join(self.name.split())
        if not name or len(name) > MAX_NAME_LETTERS:
            raise Rejected(f"Name the rule with at most {MAX_NAME_LETTERS} characters.")
        minutes = (self.opens_after, self.ends_after, self.delivery.escalate_after)
        if not all(0 <= one <= MAX_MINUTES for one in minutes):
            raise Rejected(f"Enter minutes from 0 to {MAX_MINUTES:,}.")
        if not 0 <= self.margin < 100:
            raise Rejected("An alert ends 0 to 99 percent below its threshold.")
        if not 1 <= self.group_over <= 100:
            raise Rejected("Group more than 1 to 100 alerts.")
        unusable = [one for one in self.limits if one not in self.alert_kind.limits]
        if unusable:
            raise Rejected(f"A rule “{self.alert_kind.label}” cannot be limited to {', '.join(unusable)}.")
        parameters = self.alert_kind.parse({name: str(value) for name, value in self.parameters.items()})
        return replace(self, name=name, parameters=parameters)


def default_rules() -> dict[str, AlertRule]:
    """The first rule of each kind, which has the name of its kind as ID."""
    return {name: AlertRule.of_kind(name, kind, is_enabled=kind.starts_enabled) for name, kind in KINDS.items()}


def rule_to_json(rule: AlertRule) -> dict[str, Any]:
    """As stored; numbers of parameters are text."""
    quiet = rule.delivery.quiet
    return {
        "kind": rule.kind,
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


def rule_from_json(id: str, data: Mapping[str, Any]) -> AlertRule:
    """Parameters that were added to the kind later have their defaults."""
    kind = kind_of(data["kind"])
    stored = {name: Decimal(value) for name, value in data["parameters"].items()}
    return AlertRule(
        id,
        kind.name,
        data["name"],
        AlertSeverity(data["severity"]),
        {one.name: stored.get(one.name, one.default) for one in kind.parameters},
        data["opens_after"],
        data["ends_after"],
        data["margin"],
        data["enabled"],
        {RuleLimit(name): tuple(values) for name, values in data["limits"].items()},
        data["group_over"],
        RuleDelivery(
            tuple(data["channels"]),
            data["digest"],
            QuietHours.parse(**data["quiet"]) if data["quiet"] else None,
            data["escalate_after"],
            tuple(data["escalate_to"]),
        ),
    )


@dataclass(frozen=True)
class StoredRule:
    """version: of its document; 0 for a rule that was never changed."""

    rule: AlertRule
    version: int = 0


def find_rules(ports: Ports) -> list[StoredRule]:
    """All rules, by kind and name; without those of a kind that the product no longer has."""
    documents = {one.id: one for one in ports.documents.find(RULES_COLLECTION)}
    stored = [_stored_rule(one) for one in documents.values() if one.data.get("kind") in KINDS]
    untouched = [StoredRule(rule) for rule in default_rules().values() if rule.id not in documents]
    order = list(KINDS)
    return sorted([*stored, *untouched], key=lambda one: (order.index(one.rule.kind), one.rule.name.casefold()))


def get_rule(ports: Ports, id: str) -> StoredRule:
    """Raises `NotFound`."""
    document = ports.documents.get(RULES_COLLECTION, id)
    if document and not document.data.get("removed"):
        return _stored_rule(document)
    if document is None and id in KINDS:
        return StoredRule(default_rules()[id])
    raise NotFound(f"There is no rule {id}.")


def new_rule(kind: AlertKind) -> AlertRule:
    """A rule of a kind with the defaults, not saved."""
    return AlertRule.of_kind(secrets.token_hex(6), kind)


def save_rule(ports: Ports, rule: AlertRule, *, by: str, version: int | None = None) -> StoredRule:
    """Add or change a rule. version: as read; None: a new rule.

    Raises `Rejected` for values that a rule cannot have, `Conflict` if it was changed meanwhile.
    """
    rule = rule.checked()
    if version is None and len(find_rules(ports)) >= MAX_RULES:
        raise Rejected(f"There can be at most {MAX_RULES} rules. Remove one that is not used.")
    before = None if version is None else rule_to_json(get_rule(ports, rule.id).rule)
    after = rule_to_json(rule)
    if before == after:
        return StoredRule(rule, version or 0)
    changes = only_differences(before, after) if before else (None, after)
    entry = audit_log.entry(ports, by, AuditAction.ALERT_RULE_SAVED, f"alert rule {rule.name}", *changes)
    try:
        saved, _ = ports.documents.put_all([Put(RULES_COLLECTION, rule.id, after, if_version=version or 0), entry])
    except Conflict as error:
        raise Conflict("The rule was changed meanwhile. Load the page again.") from error
    return _stored_rule(saved)


def enable_rule(ports: Ports, id: str, *, by: str, is_enabled: bool) -> StoredRule:
    """Enable or disable a rule. Raises `NotFound`, `Conflict`."""
    stored = get_rule(ports, id)
    return save_rule(ports, replace(stored.rule, is_enabled=is_enabled), by=by, version=stored.version)


def remove_rule(ports: Ports, id: str, *, by: str) -> AlertRule:
    """Remove a rule; its alerts end with the next evaluation. Raises `NotFound`, `Conflict`."""
    stored = get_rule(ports, id)
    entry = audit_log.entry(
        ports, by, AuditAction.ALERT_RULE_REMOVED, f"alert rule {stored.rule.name}", rule_to_json(stored.rule)
    )
    ports.documents.put_all([Put(RULES_COLLECTION, id, {"removed": True}, if_version=stored.version), entry])
    return stored.rule


def _stored_rule(document: Document) -> StoredRule:
    return StoredRule(rule_from_json(document.id, document.data), document.version)
