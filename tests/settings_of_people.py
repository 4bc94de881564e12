"""Annotations, views, dashboards, start views, SQL and expected deliveries, for the tests of backups."""

from dataclasses import asdict
from datetime import date, time
from typing import Any

from tillstream.app import App
from tillstream.contracts import source_settings
from tillstream.delivery import file_destinations as destinations
from tillstream.delivery import subscriptions
from tillstream.delivery.file_destinations import FileDestinationDraft
from tillstream.delivery.subscriptions import SubscriptionDraft
from tillstream.explore import annotations, own_dashboards, suggested_statements
from tillstream.explore.own_dashboards import DashboardOwner, OwnDashboard
from tillstream.model.contract_schedule import Expectation
from tillstream.model.people import UNRESTRICTED
from tillstream.model.permissions import Role
from tillstream.people import accounts
from tillstream.records import saved_views

LOGIN, ACCOUNT, CONTRACT = "ana", "2026-06-01", "IN"
TABLE = SubscriptionDraft("Kitchen", "/explore?category=Kitchen&preset=last-month", "xlsx", "ana@example.com", "week")
BUCKET = FileDestinationDraft("bi", "s3://bi/sales", access_key="env:TILLSTREAM_SOURCE_KEY", secret_key="file:secret")
OWNER = DashboardOwner(LOGIN, ACCOUNT)
DAILY = Expectation(cadence="daily", deadline=time(12, 0), since=date(2026, 6, 1))


def add(app: App) -> None:
    """One of each kind, as people add them in the portal."""
    annotations.add_annotation(app.ports, UNRESTRICTED, date(2026, 6, 3), "Strike", by=LOGIN)
    view = saved_views.save_view(app.ports, LOGIN, ACCOUNT, "Kitchen", "/dashboard?category=Kitchen", shared=True)
    saved_views.set_start_view(app.ports, LOGIN, ACCOUNT, view.id)
    suggested_statements.record_statement(
        app.ports, LOGIN, ACCOUNT, suggested_statements.PastStatement("2026-06-03T00:00:00", "SELECT 1", rows=1)
    )
    dashboard = own_dashboards.create_dashboard(app.ports, OWNER, "Kitchen", shared=True)
    own_dashboards.change_dashboard(app.ports, dashboard.id, OWNER, _pinned)
    source_settings.save_expectation(app.ports, app.contracts.current(CONTRACT), DAILY, LOGIN)
    if not any(user.login == LOGIN for user in accounts.all_users(app.ports)):
        accounts.add_account(app.ports, LOGIN, "Ana", Role.ANALYST)
    subscriptions.add_subscription(app.ports, LOGIN, TABLE, LOGIN)
    destinations.add_destination(app.ports, BUCKET, LOGIN)


def change(app: App) -> None:
    """Remove or change each of them."""
    (note,) = annotations.annotations_between(app.ports, UNRESTRICTED)
    annotations.remove_annotation(app.ports, UNRESTRICTED, note.id, by=LOGIN)
    saved_views.set_start_view(app.ports, LOGIN, ACCOUNT, "")
    (view,) = saved_views.find_views(app.ports, LOGIN, ACCOUNT)
    saved_views.remove_view(app.ports, view.id, by=LOGIN)
    suggested_statements.record_statement(
        app.ports, LOGIN, ACCOUNT, suggested_statements.PastStatement("2026-06-04T00:00:00", "SELECT 2", rows=1)
    )
    (dashboard,) = own_dashboards.find_dashboards(app.ports, OWNER)
    own_dashboards.remove_dashboard(app.ports, dashboard.id, OWNER)
    source_settings.save_expectation(app.ports, app.contracts.current(CONTRACT), None, LOGIN)
    (subscription,) = subscriptions.list_subscriptions(app.ports, LOGIN)
    subscriptions.remove_subscription(app.ports, subscription.id, LOGIN)
    destinations.remove_destination(app.ports, BUCKET.name, LOGIN)


def read(app: App) -> dict[str, Any]:
    """All of them, as the portal reads them."""
    start = saved_views.start_view(app.ports, LOGIN, ACCOUNT)
    return {
        "annotations": [asdict(one) for one in annotations.annotations_between(app.ports, UNRESTRICTED)],
        "views": [asdict(one) for one in saved_views.find_views(app.ports, LOGIN, ACCOUNT)],
        "subscriptions": [asdict(one) for one in subscriptions.list_subscriptions(app.ports, LOGIN)],
        "destinations": [asdict(one) for one in destinations.find_destinations(app.ports)],
        "statements": [asdict(one) for one in suggested_statements.past_statements(app.ports, LOGIN, ACCOUNT)],
        "dashboards": [one.data() for one in own_dashboards.find_dashboards(app.ports, OWNER)],
        "start": start and start.address,
        "expectation": asdict(source_settings.expectation_of_contract(app.ports, app.contracts.current(CONTRACT))),
    }


def _pinned(dashboard: OwnDashboard) -> OwnDashboard:
    return own_dashboards.with_pinned_tile(dashboard, "Units", "/explore?measure=units&by=product", "table")
