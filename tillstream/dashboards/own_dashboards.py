"""Dashboards of people: created, shared, arranged and removed by their owners, with undo.

A tile holds the choices of an exploration only: each person reads the rows of their own scope.
"""

import secrets
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from tillstream.dashboards.own_dashboard import OwnDashboard, Owner, of_document
from tillstream.dashboards.saved_views import STARTS
from tillstream.model.audit import AuditAction
from tillstream.model.errors import NotFound, Rejected
from tillstream.ports import Ports
from tillstream.ports.documents import Document, Put, Update, update_document
from tillstream.records import audit_log

COLLECTION = "own_dashboards"
LONGEST_NAME, MAX_DASHBOARDS = 60, 30
"""Maximum characters of a name; maximum dashboards of a person."""
RESTORABLE = timedelta(days=30)
"""How long a removed dashboard can be restored."""
Change = Callable[[OwnDashboard], OwnDashboard]


def create(ports: Ports, owner: Owner, name: str, *, shared: bool = False, id: str = "") -> OwnDashboard:
    """Create an empty dashboard; one of the same person with this name is returned as it is. Raises `Rejected`.

    id: of the dashboard; empty for a new one. Raises `Conflict` if it exists.
    """
    name, own = checked_name(name), _of(ports, owner)
    present = next((one for one in own if one.name == name and not one.removed_at), None)
    if present:
        return present
    if sum(not one.removed_at for one in own) >= MAX_DASHBOARDS:
        raise Rejected(f"You have {MAX_DASHBOARDS} dashboards. Remove one that you no longer need.")
    now = ports.clock.now()
    _forget(ports, own, now)
    dashboard = OwnDashboard(id or secrets.token_hex(6), owner, name, shared, (), (), now.isoformat(timespec="seconds"))
    entry = audit_log.entry(ports, owner.login, AuditAction.DASHBOARD_SAVED, dashboard.id, None, dashboard.audited())
    ports.documents.put_all([Put(COLLECTION, dashboard.id, dashboard.data(), if_version=0), entry])
    return dashboard


def find(ports: Ports, reader: Owner) -> list[OwnDashboard]:
    """The person's own dashboards and those shared by others, by name."""
    shared = [of_document(one.id, one.data) for one in ports.documents.find(COLLECTION, {"shared": True})]
    visible = {one.id: one for one in (*_of(ports, reader), *shared) if one.is_visible_to(reader)}
    return sorted(visible.values(), key=lambda one: (one.name.casefold(), one.id))


def removed(ports: Ports, owner: Owner) -> list[OwnDashboard]:
    """The person's removed dashboards that can be restored, the latest first."""
    since = (ports.clock.now() - RESTORABLE).isoformat(timespec="seconds")
    return sorted(
        (one for one in _of(ports, owner) if one.removed_at >= since), key=lambda one: one.removed_at, reverse=True
    )


def get(ports: Ports, id: str, reader: Owner) -> OwnDashboard:
    """A dashboard that the person owns or that is shared. Raises `NotFound`."""
    document = ports.documents.get(COLLECTION, id)
    dashboard = of_document(id, document.data) if document else None
    if dashboard is None or not dashboard.is_visible_to(reader):
        raise NotFound("There is no such dashboard, or it is not shared with you.")
    return dashboard


def change(ports: Ports, id: str, owner: Owner, change: Change) -> OwnDashboard:
    """Change a dashboard of the person. Raises `NotFound` for any other, `Conflict`, and what `change` raises."""
    return _write(ports, id, owner.login, AuditAction.DASHBOARD_SAVED, lambda one: _owned(one, owner), change)


def rename(ports: Ports, id: str, owner: Owner, name: str, *, shared: bool) -> OwnDashboard:
    """Change name and sharing. Raises `NotFound`, and `Rejected` for a name that another dashboard has."""
    name = checked_name(name)
    if any(one.name == name and one.id != id and not one.removed_at for one in _of(ports, owner)):
        raise Rejected("You have a dashboard with this name. Enter another name.")
    return change(ports, id, owner, lambda one: replace(one, name=name, shared=shared))


def remove(ports: Ports, id: str, owner: Owner, *, any_owner: bool = False) -> OwnDashboard:
    """Remove a dashboard; its owner can restore it. any_owner: also a shared one of somebody else. Raises `NotFound`"""

    def may(one: OwnDashboard) -> bool:
        return not one.removed_at and (one.owner == owner or (any_owner and one.shared))

    now = ports.clock.now().isoformat(timespec="seconds")
    return _write(ports, id, owner.login, AuditAction.DASHBOARD_REMOVED, may, lambda one: replace(one, removed_at=now))


def restore(ports: Ports, id: str, owner: Owner) -> OwnDashboard:
    """Undo a removal. Raises `NotFound`, and `Rejected` if another dashboard has the name meanwhile."""
    is_removed = next((one for one in removed(ports, owner) if one.id == id), None)
    if is_removed is None:
        raise NotFound("There is no such removed dashboard.")
    if any(one.name == is_removed.name and not one.removed_at for one in _of(ports, owner)):
        raise Rejected("You have a dashboard with this name. Rename it first.")
    return _write(
        ports,
        id,
        owner.login,
        AuditAction.DASHBOARD_RESTORED,
        lambda one: one.owner == owner and bool(one.removed_at),
        lambda one: replace(one, removed_at=""),
    )


def start(ports: Ports, reader: Owner) -> OwnDashboard | None:
    """The dashboard with which the portal opens for a person, if there is one and the person can still see it."""
    document = ports.documents.get(STARTS, reader.login)
    chosen = document.data.get("dashboard", "") if document else ""
    stored = ports.documents.get(COLLECTION, chosen) if chosen else None
    dashboard = of_document(chosen, stored.data) if stored else None
    return dashboard if dashboard and dashboard.is_visible_to(reader) else None


def set_start(ports: Ports, reader: Owner, id: str) -> None:
    """Open the portal with this dashboard; empty: with the dashboard of the role. Raises `NotFound`."""
    if id:
        get(ports, id, reader)

    def changed(document: Document | None) -> Update:
        before = dict(document.data) if document else None
        after = {"view": "", "dashboard": id}
        entry = audit_log.entry(ports, reader.login, AuditAction.VIEW_START_SET, reader.login, before, after)
        return Update(after, [entry])

    update_document(ports.documents, STARTS, reader.login, changed)


def checked_name(name: str) -> str:
    name = " ".join(name.split())
    if not name or len(name) > LONGEST_NAME:
        raise Rejected(f"Enter a name for the dashboard, with at most {LONGEST_NAME} characters.")
    return name


def _owned(dashboard: OwnDashboard, owner: Owner) -> bool:
    return dashboard.owner == owner and not dashboard.removed_at


def _of(ports: Ports, owner: Owner) -> list[OwnDashboard]:
    documents = ports.documents.find(COLLECTION, {"login": owner.login, "account": owner.account})
    return [of_document(one.id, one.data) for one in documents]


def _forget(ports: Ports, own: list[OwnDashboard], now: datetime) -> None:
    """Delete dashboards that can no longer be restored."""
    until = (now - RESTORABLE).isoformat(timespec="seconds")
    for one in own:
        if one.removed_at and one.removed_at < until:
            ports.documents.delete(COLLECTION, one.id)


def _write(
    ports: Ports, id: str, by: str, action: AuditAction, may: Callable[[OwnDashboard], bool], change: Change
) -> OwnDashboard:
    def changed(document: Document | None) -> Update:
        before = of_document(id, document.data) if document else None
        if before is None or not may(before):
            raise NotFound("There is no such dashboard of yours.")
        after = change(before)
        was = None if action is AuditAction.DASHBOARD_RESTORED else before.audited()
        now = None if action is AuditAction.DASHBOARD_REMOVED else after.audited()
        return Update(after.data(), [audit_log.entry(ports, by, action, id, was, now)])

    written = update_document(ports.documents, COLLECTION, id, changed)
    return of_document(id, written.data)
