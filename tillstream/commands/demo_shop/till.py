"""The demo's till: a token and a key, signed sales, day closes of which one differs, and a sale of the form."""

import json
import secrets
from collections.abc import Callable, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from tillstream.app import App
from tillstream.commands.demo_shop.people import REGION, STAFF
from tillstream.intake import sale_form, store_messages, store_sales
from tillstream.model import messages as model_messages
from tillstream.model.batch import Batch
from tillstream.model.messages import STORE_SALE_V1
from tillstream.model.people import UNRESTRICTED
from tillstream.people import signatures, store_credentials
from tillstream.review import close_checks

STORE, TILL = "MUM01", "Front counter"
TILL_SALES = (
    ("EL-1003", '24" Monitor', "Electronics", "1", "15999.00"),
    ("HK-1003", "Electric Kettle, 1.7 l", "Home & Kitchen", "2", "3299.00"),
    ("CL-1001", "Cotton T-Shirt", "Clothing", "3", "1249.00"),
    ("GR-1003", "Darjeeling Tea", "Groceries", "4", "749.00"),
    ("TO-1010", "Chess Set", "Toys", "1", "2499.00"),
    ("BO-1001", "Cookbook", "Books", "1", "2099.00"),
)
"""Product, its name and category, quantity, and unit price in rupees; one sale each."""
FORM_SALE = ("CL-1003", "Denim Jacket", "Clothing", "1", "4149.00")
EARLIER_SALE = ("SP-1003", "Football", "Sports", "1", "2049.00")
"""The one sale that the till sent on the evening before; its day close counts another, which is missing."""
SENT = len(TILL_SALES) + 2
"""Number of sales of the till and the form."""
Product = tuple[str, str, str, str, str]


def add(app: App, until: date, load: Callable[[Batch], Any], by: str) -> None:
    """Connect a till, and send the sales of its last evenings, unless there is a token. load: one batch."""
    if store_credentials.find_store_tokens(app.ports):
        return
    token, _ = store_credentials.issue_store_token(app.ports, REGION, STORE, TILL, by)
    key, private = store_credentials.issue_store_key(app.ports, REGION, STORE, TILL, by)
    zone = ZoneInfo(app.contracts.current(REGION).dates.time_zone)
    before = until - timedelta(days=1)
    earlier = [_sale(f"TILL-{before:%Y%m%d}-1", datetime.combine(before, time(18, 5), zone), EARLIER_SALE)]
    sales = [
        _sale(f"TILL-{until:%Y%m%d}-{number}", datetime.combine(until, time(18, 5 * number), zone), product)
        for number, product in enumerate(TILL_SALES, 1)
    ]
    closes = [_close(before, earlier, zone, missing=f"TILL-{before:%Y%m%d}-2"), _close(until, sales, zone)]
    epoch = secrets.token_hex(8)
    messages = []
    for sequence, message in enumerate([*earlier, *sales, *closes], 1):
        payload = json.dumps(message, ensure_ascii=False)
        signed = {"key": key.id, "till": TILL, "epoch": epoch, "sequence": str(sequence)}
        messages.append({"payload": payload, **signed, "signature": signatures.sign_payload(private, payload.encode())})
    store_messages.publish_messages(app.ports, token, messages)
    number = f"W-DEMO-{until:%Y%m%d}"
    entered = _sale(number, datetime.combine(until, time(19, 10), zone), FORM_SALE) | {"source": "form"}
    sale_form.enter_sale(app.ports, by, UNRESTRICTED, entered, sale_form.NoSaleLedger())
    if not app.has_worker:
        for batch in store_sales.receive_store_sales(app.ports, app.contracts, len(messages) + 1, 0):
            load(batch)
        close_checks.check_day_closes(app.ports, app.contracts)


def _sale(number: str, sold_at: datetime, product: Product) -> dict[str, Any]:
    code, name, category, quantity, price = product
    line = {"line": "1", "product_id": code, "product_name": name, "category": category}
    return {
        "schema": STORE_SALE_V1,
        "region": REGION,
        "store_id": STORE,
        "number": number,
        "sold_at": sold_at.isoformat(),
        "currency": "INR",
        "salesperson_id": STAFF,
        "channel": "store",
        "lines": [line | {"quantity": quantity, "unit_price": price, "discount": "0.00", "tax": "0.00"}],
    }


def _close(day: date, sales: Sequence[dict[str, Any]], zone: ZoneInfo, missing: str = "") -> dict[str, Any]:
    """The day close of sales, and of a missing one of 999 rupees."""
    lines = (line for sale in sales for line in sale["lines"])
    total = sum((Decimal(line["quantity"]) * Decimal(line["unit_price"]) for line in lines), Decimal(0))
    return {
        "schema": model_messages.DAY_CLOSE_V1,
        "region": REGION,
        "store_id": STORE,
        "till_id": TILL,
        "date": day.isoformat(),
        "closed_at": datetime.combine(day, time(21), zone).isoformat(),
        "sales": len(sales) + bool(missing),
        "totals": [{"currency": "INR", "net": f"{total + 999 * bool(missing)}"}],
        "numbers": [*(sale["number"] for sale in sales), *([missing] if missing else [])],
    }
