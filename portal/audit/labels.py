"""Display labels of audit actions and values."""

from typing import Any

from flask import url_for

from portal.audit.texts import ACTION_LABELS, KINDS
from tillstream.model.audit import AuditAction, AuditEntry

PAGES = {
    "token": "admin.stores",
    "webhook": "webhooks.listing",
    "alert-channel": "alert_channels.listing",
    "message": "pipeline.show",
    "data": "pipeline.show",
}
"""Kind of an entry → page of all objects of the kind."""


def action_label(what: str) -> str:
    """Label of an action, also of one that another version of Tillstream wrote."""
    return ACTION_LABELS[AuditAction(what)] if what in set(AuditAction) else what.replace(".", " ").replace("-", " ")


def by_kind() -> dict[str, tuple[str, list[tuple[str, str]]]]:
    """kind → its label, and its actions as (value, label)."""
    return {
        kind: (label, [(what.value, ACTION_LABELS[what]) for what in AuditAction if what.kind == kind])
        for kind, label in KINDS.items()
    }


def where(entry: AuditEntry) -> str:
    """Address of the page of the changed object; empty if it has none."""
    match entry.kind:
        case "user":
            return url_for("admin.person", login=entry.subject)
        case "upload":
            return url_for("uploads.receipt", batch_id=entry.subject)
    return url_for(PAGES[entry.kind]) if entry.kind in PAGES else ""


def side_by_side(entry: AuditEntry) -> list[dict[str, Any]]:
    """Fields of both sides, in their original order."""
    names = [*entry.before, *(name for name in entry.after if name not in entry.before)]
    return [
        {
            "name": name.replace("_", " "),
            "before": plain(entry.before.get(name)),
            "after": plain(entry.after.get(name)),
            "changed": bool(entry.before) and entry.before.get(name) != entry.after.get(name),
        }
        for name in names
    ]


def plain(value: Any) -> str:
    if value is None or value in ("", [], {}):
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(plain(each) for each in value)
    if isinstance(value, dict):
        return "; ".join(f"{name}: {plain(each)}" for name, each in value.items())
    return str(value)
