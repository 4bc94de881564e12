"""Rules as documents. Each kind has one from the start, which can be changed and removed as any other."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from tillstream.domain.alerts.kind import Kind, KindName
from tillstream.domain.alerts.kinds import KINDS
from tillstream.domain.alerts.rules import AlertRule, from_json, to_json
from tillstream.model.audit import AuditAction
from tillstream.model.errors import Conflict, NotFound, Rejected
from tillstream.ports import Ports
from tillstream.ports.documents import Document, Put
from tillstream.records import audit_log

COLLECTION = "alert_rules"
MOST = 200
ENABLED = frozenset(
    {
        KindName.FILES_HELD,
        KindName.ROWS_IN_QUARANTINE,
        KindName.DEAD_LETTERS,
        KindName.DATA_LOST,
        KindName.CONNECTOR_LATE,
        KindName.REGION_LATE,
    }
)
"""Kinds whose first rule is enabled from the start: they need no choice of a threshold."""
DEFAULTS: Mapping[str, AlertRule] = {
    name.value: AlertRule.of_kind(name.value, kind, is_enabled=name in ENABLED) for name, kind in KINDS.items()
}


@dataclass(frozen=True)
class StoredRule:
    """version: of its document; 0 for a rule that was never changed."""

    rule: AlertRule
    version: int = 0


def find(ports: Ports) -> list[StoredRule]:
    """All rules, by kind and name."""
    documents = {one.id: one for one in ports.documents.find(COLLECTION)}
    stored = [_stored(one) for one in documents.values() if not one.data.get("removed")]
    untouched = [StoredRule(rule) for rule in DEFAULTS.values() if rule.id not in documents]
    order = list(KINDS)
    return sorted([*stored, *untouched], key=lambda one: (order.index(one.rule.kind), one.rule.name.casefold()))


def get(ports: Ports, id: str) -> StoredRule:
    """Raises `NotFound`."""
    document = ports.documents.get(COLLECTION, id)
    if document and not document.data.get("removed"):
        return _stored(document)
    if document is None and id in DEFAULTS:
        return StoredRule(DEFAULTS[id])
    raise NotFound(f"There is no rule {id}.")


def new(kind: Kind) -> AlertRule:
    """A rule of a kind with the defaults, not saved."""
    return AlertRule.of_kind(secrets.token_hex(6), kind)


def save(ports: Ports, rule: AlertRule, *, by: str, version: int | None = None) -> StoredRule:
    """Add or change a rule. version: as read; None: a new rule.

    Raises `Rejected` for values that a rule cannot have, `Conflict` if it was changed meanwhile.
    """
    rule = rule.checked()
    if version is None and len(find(ports)) >= MOST:
        raise Rejected(f"There can be at most {MOST} rules. Remove one that is not used.")
    before = None if version is None else to_json(get(ports, rule.id).rule)
    after = to_json(rule)
    if before == after:
        return StoredRule(rule, version or 0)
    changes = _changes(before, after)
    entry = audit_log.entry(ports, by, AuditAction.ALERT_RULE_SAVED, f"alert rule {rule.name}", *changes)
    try:
        saved, _ = ports.documents.put_all([Put(COLLECTION, rule.id, after, if_version=version or 0), entry])
    except Conflict as error:
        raise Conflict("The rule was changed meanwhile. Load the page again.") from error
    return _stored(saved)


def enable(ports: Ports, id: str, *, by: str, is_enabled: bool) -> StoredRule:
    """Enable or disable a rule. Raises `NotFound`, `Conflict`."""
    stored = get(ports, id)
    return save(ports, replace(stored.rule, is_enabled=is_enabled), by=by, version=stored.version)


def remove(ports: Ports, id: str, *, by: str) -> AlertRule:
    """Remove a rule; its alerts end with the next evaluation. Raises `NotFound`, `Conflict`."""
    stored = get(ports, id)
    entry = audit_log.entry(
        ports, by, AuditAction.ALERT_RULE_REMOVED, f"alert rule {stored.rule.name}", to_json(stored.rule)
    )
    ports.documents.put_all([Put(COLLECTION, id, {"removed": True}, if_version=stored.version), entry])
    return stored.rule


def _stored(document: Document) -> StoredRule:
    return StoredRule(from_json(document.id, document.data), document.version)


def _changes(
    before: Mapping[str, Any] | None, after: Mapping[str, Any]
) -> tuple[dict[str, Any] | None, dict[str, Any]]:
    """The fields that differ, before and after; all of a new rule."""
    if before is None:
        return None, dict(after)
    names = [name for name in after if before[name] != after[name]]
    return {name: before[name] for name in names}, {name: after[name] for name in names}
