"""A small company to walk through: three regions, people of every role, files of every fate."""

from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation
from functools import partial
from io import BytesIO
from pathlib import Path

from live_server import PASSWORD

from tillstream.alerts import records as alert_records
from tillstream.alerts import rules
from tillstream.alerts.condition import AlertSources
from tillstream.alerts.evaluation import evaluate_rules
from tillstream.app import App
from tillstream.app.outgoing_deliveries import subscribed_tables_source
from tillstream.app.source_access import source_access
from tillstream.catalogue import entry_saving, warehouse_mirror
from tillstream.commands.demo_shop import people as demo_dashboard
from tillstream.connectors import due_runs
from tillstream.connectors import records as connectors
from tillstream.connectors.state import ConnectorDraft
from tillstream.delivery import background_exports, webhooks
from tillstream.delivery import channel_registry as alert_channels
from tillstream.delivery import subscriptions as export_subscriptions
from tillstream.delivery.alert_channel import ChannelDraft
from tillstream.delivery.background_run import run_due_exports
from tillstream.delivery.subscriptions import SubscriptionDraft
from tillstream.forecasting import outside_series
from tillstream.forecasting.outside_series import OutsideValue
from tillstream.intake import inbox
from tillstream.marts import destinations
from tillstream.marts.destinations import MartDestinationDraft
from tillstream.model.people import UNRESTRICTED
from tillstream.model.permissions import Role
from tillstream.model.product_catalogue import DatedAmount, EntryKind, Product
from tillstream.people import accounts, signatures
from tillstream.records import audit_log
from tillstream.samples.sample_files import write_samples
from tillstream.server.worker import Worker
from tillstream.stock import purchase_orders, stock_counts, stored_levels, stored_movements
from tillstream.stock.movements import DayPart, Movement, MovementKind, MovementLine
from tillstream.stock.purchase_orders import OrderLine, PurchaseOrder
from tillstream.stock.stock_counts import CountPart, CountScan, StockCount
from tillstream.sync import homes, sync_status

UNTIL = date(2026, 6, 30)
NEXT = UNTIL + timedelta(days=1)
SCALE = 0.01
TO_DELHI = {"other_store": "DEL01", "reference": "sample-transfer"}
HEADER = (
    "Invoice No,Line,Invoice Date,Store,Salesperson,Customer Code,Customer Name,Item Code,Item,Category,Channel,"
    "Status,Qty,Rate,Discount,Taxable Value,GST,Invoice Value,Original Invoice"
)
NAMES = {
    Role.ADMIN: "Ada Admin",
    Role.MANAGER: "Maya Rao",
    Role.CLERK: "Kiran Shah",
    Role.SALESPERSON: "Sam Iyer",
    Role.ANALYST: "Ana Lopez",
}
BAD = {4: "two", 9: "1.234.50", 17: "ten"}
"""number of a line of the file with refused rows → what stands where its amount should be"""


@dataclass(frozen=True)
class Shop:
    """What of the company a walk needs by name."""

    arguments: dict[str, str]
    own: dict[str, dict[str, str]]
    """endpoint → where it takes another example"""


def open_shop(app: App, folder: Path) -> Shop:
    """Fill an empty home. The samples first, then what a clerk has before them this morning."""
    people(app)
    for sample, path in write_samples(folder, until=UNTIL, scale=SCALE):
        with path.open("rb") as stream:
            inbox.receive_file(app.ports, app.contracts.pin(sample.contract), path.name, stream, "kiran")
    amounts = [BAD.get(number, f"{number * 125}.00") for number in range(1, 41)]
    refused = _give(app, "IN-2026-07-01.csv", amounts)
    held = _give(app, "IN-monday.csv", ["100.00", "two", "three"], first=8001)
    Worker(app).run_until_idle()
    kettle = Product("KET", "Kettle", "Kitchen", prices=(DatedAmount("IN", "INR", Decimal(999)),))
    entry_saving.save_entry(
        app.ports, EntryKind.PRODUCT, kettle, if_version=0, by="ada", regions=app.contracts.regions()
    )
    warehouse_mirror.sync_mirror(app.ports)
    _stock(app)
    visitors = [
        OutsideValue(day, 900.0 + 40 * day.weekday(), day + timedelta(days=1))
        for day in (UNTIL - timedelta(days=back) for back in range(90))
    ]
    outside_series.save_series(app.ports, "footfall", visitors, by="ada", file="footfall.csv")
    webhook, _ = webhooks.add_webhook(app.ports, "https://example.com/sales", "region=IN", "ada", private=False)
    entry = app.ports.documents.find(audit_log.COLLECTION, {}, limit=1)[0].id
    arguments = {"batch_id": refused, "login": "kiran", "entry_id": entry, "sale_id": "MUM01/7002"}
    arguments["webhook_id"] = webhook.id
    stores = SubscriptionDraft("Stores", "/explore?by=store&preset=last-month", "xlsx", "ada@example.com", "week")
    arguments["subscription_id"] = export_subscriptions.add_subscription(app.ports, "ada", stores, "ada").id
    arguments["export_id"] = _export(app)
    arguments |= _alerts(app) | _connector(app)
    demo_dashboard.add_dashboard(app, "ada")
    arguments["dashboard_id"] = demo_dashboard.DASHBOARD_ID
    _sync(app)
    _copy(app, folder)
    own = {
        "review.decide": {"batch_id": held},
        "orders.document": {"form": "pdf"},
        "orders.edit": {"order_number": "PO-000002"},
        "dashboard.table": {"tile": "by-store"},
        "alert_channels.new": {"kind": "webhook"},
        "stock_files.report": {"report": "value"},
        "forecast.one_series": {"name": "footfall"},
        "forecast.series_values": {"name": "footfall"},
        "storybook.component": {"name": "table"},
    }
    return Shop(arguments, own)


def _export(app: App) -> str:
    """An export in the background that is done."""
    one = background_exports.request_export(
        app.ports, accounts.get_user(app.ports, "ada"), "Sale lines", "/tables/sale-lines", "csv"
    )
    assert run_due_exports(subscribed_tables_source(app)) == []
    return one.id


def _stock(app: App) -> None:
    """A count, a receipt and a transfer of the kettle, and a count in progress."""
    moves = (
        Movement("sample-count", MovementKind.COUNT, "IN", "MUM01", UNTIL, _units(40)),
        Movement("sample-receipt", MovementKind.RECEIPT, "IN", "MUM01", NEXT, _units(12), reference="PO-7"),
        Movement("sample-transfer", MovementKind.TRANSFER_OUT, "IN", "MUM01", NEXT, _units(5), **TO_DELHI),
    )
    stored_movements.record_movements(app.ports, moves, by="maya")
    started = app.ports.clock.now()
    count = StockCount("0" * 32, "IN", "MUM01", CountPart.WHOLE, "", DayPart.AFTER_CLOSING, "maya", started)
    stock_counts.start_count(app.ports, count)
    scan = CountScan("s1", "KET", "Kettle", Decimal(44), started, NEXT, "maya")
    stock_counts.enter_scan(app.ports, count.count_id, scan)
    stored_levels.refresh_levels(app.ports)


def _connector(app: App) -> dict[str, str]:
    """A connector that failed: its database is missing."""
    database = app.settings.sources_folder / "erp.db"
    settings = {"url": f"sqlite:///{database}", "query": "sales", "cursor_column": "changed_at"}
    draft = ConnectorDraft("erp-sales", "sql", settings, "IN")
    connectors.add_connector(app.ports, app.contracts, source_access(app), draft, "ada")
    due_runs.run_connector(app.ports, app.contracts, source_access(app), draft.name, "ada")
    return {"connector": draft.name}


def _sync(app: App) -> None:
    """A head office with two homes, which itself has stopped its sync."""
    sync_status.begin_sync(app.ports, "https://head-office.example.com", "ada")
    sync_status.stop_sync(app.ports, "ada")
    for name, held in (("berlin-1", ""), ("rome-1", "The clock of the home is 6 minutes ahead.")):
        homes.add_home(app.ports, name, signatures.new_key_pair()[1], "ada")
        contact = app.ports.clock.now().isoformat(timespec="seconds")
        homes.change_home(
            app.ports, name, partial(replace, contact_at=contact, number=4, head=5, held=held, held_number=5)
        )


def _copy(app: App, folder: Path) -> None:
    """A copy of the marts that failed at its first run."""
    destinations.add_destination(app.ports, MartDestinationDraft("lake", str(folder / "marts")), "ada")
    destinations.note_failure(app.ports, "lake", app.ports.clock.now(), "The disk is full.")


def _units(quantity: int) -> tuple[MovementLine, ...]:
    return (MovementLine("KET", Decimal(quantity)),)


def people(app: App) -> None:
    for role, name in NAMES.items():
        bounded = role not in {Role.ADMIN, Role.ANALYST}
        accounts.add_account(
            app.ports,
            name.split()[0].lower(),
            name,
            role,
            regions=("IN",) if bounded else (),
            salesperson="E115" if role is Role.SALESPERSON else None,
            password=PASSWORD,
        )


def _give(app: App, name: str, amounts: list[str], *, first: int = 7001) -> str:
    rows = [
        f"{number},1,01-07-2026 {9 + number % 9:02}:15,MUM01,E115,C{number % 7},Asha Rao,P{number % 3},"
        f"{('Kettle', 'Toaster', 'Lamp')[number % 3]},Kitchen,store,Completed,1,{amount},0.00,{_taxed(amount)},"
        for number, amount in enumerate(amounts, first)
    ]
    content = "\n".join([HEADER, *rows, ""]).encode()
    return inbox.receive_file(app.ports, app.contracts.pin("IN"), name, BytesIO(content), "kiran").batch_id


def _taxed(amount: str) -> str:
    """The amount, its tax, and both together; nothing is added to what is no number."""
    try:
        tax = Decimal(amount) * Decimal("0.18")
    except InvalidOperation:
        return f"{amount},18.00,118.00"
    return f"{amount},{tax:.2f},{Decimal(amount) + tax:.2f}"


def _alerts(app: App) -> dict[str, str]:
    """An alert about stock, a channel, and an order; what their pages are named by."""
    channel, _ = alert_channels.add_channel(
        app.ports, ChannelDraft("Ops", "webhook", "https://example.com/ops"), "ada", private=False
    )
    stored = rules.get_rule(app.ports, "files-held")
    at_once = replace(stored.rule, parameters={"hours": Decimal(0)})
    rules.save_rule(app.ports, at_once, by="ada", version=stored.version)
    evaluate_rules(AlertSources(app.ports, app.contracts, app.settings.reporting_currency))
    alert = alert_records.active_alerts(app.ports, UNRESTRICTED)[0]
    line = OrderLine("KET", "Kettle", Decimal(12))
    order = purchase_orders.create_order(
        app.ports, PurchaseOrder("sample", "ACME", "IN", "MUM01", "INR", (line,)), by="maya"
    )
    purchase_orders.send_order(app.ports, order.order_id, by="maya")
    purchase_orders.create_order(app.ports, replace(order, order_id="draft", number=""), by="maya")
    return {"channel_id": channel.id, "alert_id": alert.id, "rule_id": "large-sale", "order_number": order.number}
