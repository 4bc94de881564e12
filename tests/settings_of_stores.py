"""A catalogue, keys of stores, a webhook, a day close and a sale of the form, for the tests of backups."""

import json
from dataclasses import asdict, replace
from datetime import date
from decimal import Decimal
from typing import Any

from tillstream.app import App
from tillstream.catalogue import entry_saving, stored_entries, warehouse_mirror
from tillstream.delivery import webhooks
from tillstream.intake import sale_form
from tillstream.model import messages
from tillstream.model.messages import store_sale_schema
from tillstream.model.people import UNRESTRICTED
from tillstream.model.product_catalogue import (
    DatedAmount,
    Entry,
    EntryKind,
    Product,
    Promotion,
    Salesperson,
    Store,
    Supplier,
)
from tillstream.people import store_credentials
from tillstream.review import day_closes

REGIONS = ("IN", "UK", "USA")
CUP = Product("CUP", "Cup", costs=(DatedAmount("*", "GBP", Decimal("1.25")),))
ENTRIES: dict[EntryKind, Entry] = {
    EntryKind.PRODUCT: CUP,
    EntryKind.STORE: Store("UK", "LON1", "London"),
    EntryKind.SALESPERSON: Salesperson("UK", "emma", "Emma"),
    EntryKind.SUPPLIER: Supplier("ACME", "Acme"),
    EntryKind.PROMOTION: Promotion("SPRING", product="CUP", rate=Decimal("0.1")),
}


def add(app: App) -> None:
    """One of each kind, as people and tills add them."""
    for kind, entry in ENTRIES.items():
        entry_saving.save_entry(app.ports, kind, entry, if_version=0, by="ana", regions=REGIONS)
    warehouse_mirror.sync_mirror(app.ports)
    webhooks.add_webhook(app.ports, "https://example.com/sales", "region=UK", "ana", private=False)
    store_credentials.issue_store_key(app.ports, "UK", "LON1", "front", "ana")
    _close(app, 350)
    _enter(app)


def change(app: App) -> None:
    """Remove or change each of them."""
    for kind, entry in ENTRIES.items():
        stored = stored_entries.get_required_entry(app.ports, kind, *entry.key)
        retired = replace(stored.entry, active=False)
        entry_saving.save_entry(app.ports, kind, retired, if_version=stored.version, by="ben", regions=REGIONS)
    warehouse_mirror.sync_mirror(app.ports)
    (webhook,) = webhooks.find_webhooks(app.ports)
    webhooks.remove_webhook(app.ports, webhook.id, "ben")
    (key,) = store_credentials.find_store_keys(app.ports)
    store_credentials.revoke_store_key(app.ports, key.id, "ben")
    _close(app, 351)
    _enter(app, version=1)


def read(app: App) -> dict[str, Any]:
    """All of them, as pages and functions read them, with the keys that sign."""
    (webhook, *_) = [*webhooks.find_webhooks(app.ports), None]
    return {
        "catalogue": {
            kind: [asdict(one.entry) for one in stored_entries.find_entries(app.ports, kind)] for kind in ENTRIES
        },
        "revision": stored_entries.catalogue_revision(app.ports),
        "catalogue_products": app.ports.warehouse.query(
            "SELECT * FROM catalogue_products ORDER BY valid_from"
        ).to_pylist(),
        "dim_product_cost": app.ports.warehouse.query("SELECT * FROM dim_product_cost").to_pylist(),
        "webhook": webhook and (asdict(webhook), webhooks.webhook_keys(app.ports, webhook.id)),
        "store keys": [asdict(key) for key in store_credentials.find_store_keys(app.ports)],
        "portal's key": store_credentials.portal_key(app.ports),
        "day closes": [(one.date, one.sales, one.state) for one in day_closes.find_day_closes(app.ports)],
        "sales of the form": [
            one.data["versions"] for one in app.ports.documents.find(sale_form.FORM_SALES_COLLECTION)
        ],
    }


def _close(app: App, sales: int) -> None:
    (close,) = messages.day_close_schema()["examples"]
    day = date(2026, 6, 1).isoformat()
    times = {"date": day, "closed_at": f"{day}T19:{sales % 60:02}:00+00:00"}
    day_closes.record_day_close(app.ports, json.dumps(close | times | {"sales": sales}))


def _enter(app: App, **version: int) -> None:
    sale = dict(store_sale_schema()["examples"][1])
    sold_at = app.ports.clock.now().isoformat(timespec="seconds")
    sale_form.enter_sale(
        app.ports, "ana", UNRESTRICTED, sale | {"sold_at": sold_at} | version, sale_form.NoSaleLedger()
    )
