"""Saved views: pages of figures with their filters, kept under a name, for one person or shared with all.

A view holds an address only: each person reads the rows of their own scope.
"""

import secrets
from dataclasses import dataclass

from tillstream.model import audit
from tillstream.model.errors import NotFound, Rejected
from tillstream.ports import Ports
from tillstream.ports.documents import Document, Update, update_document
from tillstream.records import audit_log
from tillstream.records.collection import Collection

START_VIEWS = "start_views"
VIEWED_PAGES = ("/dashboard", "/compare", "/explore")
MAX_VIEW_NAME, MAX_VIEW_QUERY, MAX_VIEWS = 60, 2_000, 100
"""Maximum characters of a name and of a query string; maximum views of a person."""


@dataclass(frozen=True)
class SavedView:
    """`page`: one of PAGES; `query`: the rest of its address, after the question mark."""

    id: str
    login: str
    account: str
    """When the account was created, so that a later account of the same name does not inherit the view."""
    name: str
    page: str
    query: str
    shared: bool
    created_at: str

    @property
    def address(self) -> str:
        return self.page + (f"?{self.query}" if self.query else "")


VIEWS = Collection(
    "saved_views",
    SavedView,
    "view",
    lambda view: {"name": view.name, "address": view.address, "shared": view.shared},
    missing="There is no such view.",
)


def save_view(ports: Ports, login: str, account: str, name: str, address: str, *, shared: bool) -> SavedView:
    """Keep an address under a name; a view of the same person with this name is replaced. Raises `Rejected`."""
    name, (page, _, query) = name.strip(), address.partition("?")
    if not name or len(name) > MAX_VIEW_NAME:
        raise Rejected(f"Enter a name for the view, with at most {MAX_VIEW_NAME} characters.")
    if page not in VIEWED_PAGES or len(query) > MAX_VIEW_QUERY:
        raise Rejected("This page cannot be saved as a view.")
    own = [view for view in find_views(ports, login, account) if view.login == login]
    previous = next((view for view in own if view.name == name), None)
    if previous is None and len(own) >= MAX_VIEWS:
        raise Rejected(f"You have {MAX_VIEWS} views. Delete one that you no longer need.")
    now = ports.clock.now().isoformat(timespec="seconds")
    view_id = previous.id if previous else secrets.token_hex(6)
    view = SavedView(view_id, login, account, name, page, query, shared, now)
    return VIEWS.put(ports, view, login, audit.AuditAction.VIEW_SAVED, previous)


def find_views(ports: Ports, login: str, account: str) -> list[SavedView]:
    """The person's own views and those shared by others, by name."""
    own = VIEWS.find(ports, {"login": login, "account": account})
    views = {view.id: view for view in [*own, *VIEWS.find(ports, {"shared": True})]}
    return sorted(views.values(), key=lambda view: (view.name.casefold(), view.id))


def remove_view(ports: Ports, id: str, *, by: str, any_owner: bool = False) -> SavedView:
    """Delete a view. Raises `NotFound`, also for a view of somebody else unless `any_owner`."""

    def check_owner(view: SavedView) -> None:
        if not (any_owner or view.login == by):
            raise NotFound(VIEWS.missing)

    return VIEWS.remove(ports, id, by, audit.AuditAction.VIEW_REMOVED, check=check_owner)


def start_view(ports: Ports, login: str, account: str) -> SavedView | None:
    """The view with which the portal opens for a person; None for the dashboard of the role."""
    start = ports.documents.get(START_VIEWS, login)
    view = VIEWS.get_or_none(ports, start.data["view"]) if start and start.data["view"] else None
    return view if view and (view.shared or (view.login, view.account) == (login, account)) else None


def set_start_view(ports: Ports, login: str, account: str, id: str) -> None:
    """Open the portal with this view; an empty id: with the dashboard of the role. Raises `NotFound`."""
    if id and id not in {view.id for view in find_views(ports, login, account)}:
        raise NotFound(VIEWS.missing)

    def changed(document: Document | None) -> Update:
        before = {"view": document.data["view"]} if document else None
        entry = audit_log.entry(ports, login, audit.AuditAction.VIEW_START_SET, login, before, {"view": id})
        return Update({"view": id}, [entry])

    update_document(ports.documents, START_VIEWS, login, changed)
