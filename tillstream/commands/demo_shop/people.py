"""People of the demo: an account of each role, a dashboard, a saved view and subscriptions."""

from dataclasses import dataclass
from typing import Any

from tillstream.app import App
from tillstream.delivery import file_destinations as destinations
from tillstream.delivery import subscriptions
from tillstream.delivery.file_destinations import FileDestinationDraft
from tillstream.delivery.subscriptions import SubscriptionDraft
from tillstream.explore import own_dashboards
from tillstream.explore.own_dashboards import DashboardOwner, OwnDashboard, TileContent, TileWidth
from tillstream.model.permissions import Role
from tillstream.people import account_store, accounts, passwords
from tillstream.records import saved_views

REGION, STAFF = "IN", "E101"
"""A salesperson of the samples, whose name is that of the account, and their region."""
ANALYST, ADMIN = "ana", "ada"

_SCOPES: dict[Role, tuple[str, str, dict[str, Any]]] = {
    Role.CLERK: ("carol", "Carol Clark", {"regions": ("IN", "UK", "USA")}),
    Role.MANAGER: ("maya", "Maya Rao", {"regions": (REGION, "UK")}),
    Role.SALESPERSON: ("pooja", "Pooja Naidu", {"regions": (REGION,), "salesperson": STAFF}),
    Role.ANALYST: (ANALYST, "Ana Lopez", {}),
    Role.ADMIN: (ADMIN, "Ada Admin", {}),
}
"""role → name to sign in with, full name, and scope"""

DASHBOARD_ID, DASHBOARD_NAME = "weekly-meeting", "Weekly meeting"
TILES: tuple[tuple[str, TileContent, TileWidth, str], ...] = (
    ("Revenue", TileContent.NUMBER, TileWidth.THIRD, "measure=revenue&by=&against=previous"),
    ("Orders", TileContent.NUMBER, TileWidth.THIRD, "measure=orders&by=&against=previous"),
    ("Units", TileContent.NUMBER, TileWidth.THIRD, "measure=units&by=&against=previous"),
    (
        "Revenue by month and region",
        TileContent.CHART,
        TileWidth.FULL,
        "measure=revenue&by=month&by=region&preset=last-12-months",
    ),
    (
        "Revenue by category, against the period before",
        TileContent.CHART,
        TileWidth.HALF,
        "by=category&against=previous",
    ),
    (
        "Stores by change",
        TileContent.TABLE,
        TileWidth.FULL,
        "measure=revenue&by=store&against=previous&sort=revenue.change",
    ),
    ("Revenue by weekday", TileContent.CHART, TileWidth.HALF, "measure=revenue&by=weekday&preset=last-12-months"),
    ("Products by revenue", TileContent.TABLE, TileWidth.HALF, "measure=revenue&measure=units&by=product"),
)
"""title, form, width and query of each tile, in order"""

VIEW_NAME, VIEW_ADDRESS = "This year against last year", "/dashboard?preset=this-year&compare=year"

READER_ROLES = frozenset({Role.MANAGER, Role.ANALYST})
DESTINATION, FILE_PATTERN = "data-team", "{name}-{period}"
FILES_ADDRESS = "/tables/sales-by-product?preset=last-month"
MAIL_ADDRESS = "/explore?measure=revenue&measure=orders&by=store&preset=last-week"


@dataclass(frozen=True)
class DemoAccount:
    """An account of the demo; `password` is generated."""

    login: str
    role: str
    password: str


def demo_account(app: App, login: str) -> str:
    """When the account was created; empty if there is none."""
    stored = app.ports.documents.get(account_store.USERS_COLLECTION, login)
    return str(stored.data["created_at"]) if stored else ""


def add_accounts(app: App, by: str) -> list[DemoAccount]:
    """Create an account for each role that has none; passwords are returned here only."""
    present = {document.data["role"] for document in app.ports.documents.find(account_store.USERS_COLLECTION)}
    people = []
    for role, (login, name, scope) in _SCOPES.items():
        if role.value not in present and app.ports.documents.get(account_store.USERS_COLLECTION, login) is None:
            password = accounts.add_account(
                app.ports, login, name, role, by=by, password=passwords.generate_password(), **scope
            )
            people.append(DemoAccount(login, role.value, password))
    return people


def add_dashboard(app: App, by: str, account: str = "") -> OwnDashboard | None:
    """Create the dashboard; None if there is one already, also if it was removed. account: as of `DashboardOwner`."""
    if own_dashboards.DASHBOARDS.get_or_none(app.ports, DASHBOARD_ID):
        return None
    owner = DashboardOwner(by, account)
    own_dashboards.create_dashboard(app.ports, owner, DASHBOARD_NAME, shared=True, id=DASHBOARD_ID)
    return own_dashboards.change_dashboard(app.ports, DASHBOARD_ID, owner, _with_tiles)


def _with_tiles(dashboard: OwnDashboard) -> OwnDashboard:
    for title, show, width, query in TILES:
        dashboard = own_dashboards.with_pinned_tile(dashboard, title, f"{own_dashboards.EXPLORE_PAGE}?{query}", show)
        dashboard = own_dashboards.with_changed_tile(dashboard, dashboard.tiles[-1].id, title, show, width)
    return dashboard


def add_saved_view(app: App, by: str, account: str = "") -> None:
    """Save the view; nothing if the person has a view. account: when the account was created."""
    if not any(view.login == by for view in saved_views.find_views(app.ports, by, account)):
        saved_views.save_view(app.ports, by, account, VIEW_NAME, VIEW_ADDRESS, shared=True)


def add_subscriptions(app: App, login: str, role: str) -> None:
    """Add the subscription for an account that reads reports."""
    if role not in READER_ROLES:
        return
    draft = SubscriptionDraft("Stores last week", MAIL_ADDRESS, "xlsx", f"{login}@example.com", "week", day=1)
    subscriptions.pause_subscription(
        app.ports, subscriptions.add_subscription(app.ports, login, draft, login).id, login
    )
    if role == Role.ANALYST and not app.settings.project:
        _add_file_subscription(app, login)


def _add_file_subscription(app: App, login: str) -> None:
    """Add a destination in the home folder, and a subscription to it."""
    from tillstream.app import outgoing_deliveries  # lazy: what opens destinations also logs

    folder = app.settings.home.absolute() / "deliveries" / DESTINATION
    if DESTINATION not in {one.name for one in destinations.find_destinations(app.ports)}:
        outgoing_deliveries.add_file_destination(app, FileDestinationDraft(DESTINATION, str(folder)), ADMIN)
    draft = SubscriptionDraft(
        "Products last month", FILES_ADDRESS, "parquet", "", "month", destination=DESTINATION, file_name=FILE_PATTERN
    )
    subscriptions.pause_subscription(
        app.ports, subscriptions.add_subscription(app.ports, login, draft, login).id, login
    )
