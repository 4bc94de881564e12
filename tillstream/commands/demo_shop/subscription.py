"""The demo's subscriptions, paused: a table of the week by e-mail, as its address is none of a person, and files for a
folder."""

from tillstream.app import App
from tillstream.commands.demo_shop.people import ADMIN
from tillstream.delivery import file_destinations as destinations
from tillstream.delivery import subscriptions
from tillstream.delivery.file_destinations import FileDestinationDraft
from tillstream.delivery.subscriptions import SubscriptionDraft
from tillstream.model.people import Role

ROLES = frozenset({Role.MANAGER, Role.ANALYST})
DESTINATION, PATTERN = "data-team", "{name}-{period}"
FILES = "/tables/sales-by-product?preset=last-month"
ADDRESS = "/explore?measure=revenue&measure=orders&by=store&preset=last-week"


def add(app: App, login: str, role: str) -> None:
    """Add the subscription for an account that reads reports."""
    if role not in ROLES:
        return
    draft = SubscriptionDraft("Stores last week", ADDRESS, "xlsx", f"{login}@example.com", "week", day=1)
    subscriptions.pause_subscription(
        app.ports, subscriptions.add_subscription(app.ports, login, draft, login).id, login
    )
    if role == Role.ANALYST and not app.settings.project:
        _add_files(app, login)


def _add_files(app: App, login: str) -> None:
    """Add a destination in the home folder, and a subscription to it."""
    from tillstream.app import file_destinations  # lazy: what opens destinations also logs

    folder = app.settings.home.absolute() / "deliveries" / DESTINATION
    if DESTINATION not in {one.name for one in destinations.find_destinations(app.ports)}:
        file_destinations.add(app, FileDestinationDraft(DESTINATION, str(folder)), ADMIN)
    draft = SubscriptionDraft(
        "Products last month", FILES, "parquet", "", "month", destination=DESTINATION, file_name=PATTERN
    )
    subscriptions.pause_subscription(
        app.ports, subscriptions.add_subscription(app.ports, login, draft, login).id, login
    )
