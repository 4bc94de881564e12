"""Sales of the demo besides its samples: files of the last days that need a person, and a till."""

import json
import secrets
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from io import BytesIO
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from tillstream.app import App
from tillstream.commands.demo_shop import stock
from tillstream.commands.demo_shop.people import REGION, STAFF
from tillstream.contracts import contract_files, source_settings
from tillstream.explore import annotations
from tillstream.intake import inbox, resumable_upload, sale_form, store_messages, store_sales, upload_completion
from tillstream.model.batch import STATES_IN_LEDGER, Batch
from tillstream.model.contract import Contract
from tillstream.model.contract_schedule import Expectation, StoreExpectation
from tillstream.model.document_json import JsonObject
from tillstream.model.messages import DAY_CLOSE_V1, STORE_SALE_V1
from tillstream.model.people import UNRESTRICTED
from tillstream.people import signatures, store_credentials
from tillstream.records import batch_records
from tillstream.records.batch_records import SAMPLES
from tillstream.review import close_checks, undo

if TYPE_CHECKING:
    from tillstream.samples.deliveries import SampleDelivery

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
SENT_SALES = len(TILL_SALES) + 2
"""Number of sales of the till and the form."""
ProductTexts = tuple[str, str, str, str, str]

DAILY_FILES = 7
"""Number of newest days that have a file each."""
LATE_FILE = ("UK", 3)
"""Region, and day before the last, of the file that arrives after its deadline."""
LARGE_STORES = 3
"""Number of stores per region that sell every day at scale 1; of the others no sales are expected."""
DEADLINE, ARRIVAL = time(12, 0), time(6, 30)


def add_till_sales(app: App, until: date, load: Callable[[Batch], Any], by: str) -> None:
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


def _sale(number: str, sold_at: datetime, product: ProductTexts) -> JsonObject:
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


def _close(day: date, sales: Sequence[JsonObject], zone: ZoneInfo, missing: str = "") -> JsonObject:
    """The day close of sales, and of a missing one of 999 rupees."""
    lines = (line for sale in sales for line in sale["lines"])
    total = sum((Decimal(line["quantity"]) * Decimal(line["unit_price"]) for line in lines), Decimal(0))
    return {
        "schema": DAY_CLOSE_V1,
        "region": REGION,
        "store_id": STORE,
        "till_id": TILL,
        "date": day.isoformat(),
        "closed_at": datetime.combine(day, time(21), zone).isoformat(),
        "sales": len(sales) + bool(missing),
        "totals": [{"currency": "INR", "net": f"{total + 999 * bool(missing)}"}],
        "numbers": [*(sale["number"] for sale in sales), *([missing] if missing else [])],
    }


def last_day(now: datetime) -> date:
    """The last day that has ended in every sample region, so that no sample sale is later than `now`."""
    from tillstream.samples.sample_files import DEMO_NAMES  # lazy: loads NumPy, needed by this command only

    zones = [ZoneInfo(contract_files.shipped_contracts()[region].dates.time_zone) for region in DEMO_NAMES]
    return min(now.astimezone(zone).date() for zone in zones) - timedelta(days=1)


def arrival_of(contract: Contract, delivery: "SampleDelivery", until: date, now: datetime) -> datetime:
    """When a sample file arrives: the morning after its last day, some days later if it is late, and never after `now`.

    Corrections arrive now, after everything else.
    """
    if delivery.corrects:
        return now
    region, before = LATE_FILE
    is_late = delivery.daily and contract.region == region and delivery.last == until - timedelta(days=before)
    day = delivery.last + timedelta(days=2 if is_late else 1)
    at = datetime.combine(day, ARRIVAL, ZoneInfo(contract.dates.time_zone))
    order = timedelta(hours=9 if is_late else 0, minutes=5 * delivery.repeats)
    return min(at + order, now - timedelta(minutes=1))


def expect_files(app: App, contract: Contract, until: date, scale: float) -> None:
    """Expect a file of the last days every day, and sales of the large stores; what people have set stays."""
    if source_settings.expectation_of_contract(app.ports, contract).by:
        return
    small = contract.stores[LARGE_STORES if scale >= 1 else 0 :]
    expectation = Expectation(
        cadence="daily",
        deadline=DEADLINE,
        since=until - timedelta(days=DAILY_FILES - 1),
        notify=(f"sales-{contract.region.lower()}@example.com",),
        stores={store: StoreExpectation(expected=False) for store in small},
    )
    source_settings.save_expectation(app.ports, contract, expectation, SAMPLES)


@dataclass(frozen=True)
class _Extra:
    contract: str
    name: str
    content: Callable[[], bytes]
    undone: bool = False


def add_days(app: App, until: date, scale: float, load: Callable[[Batch], Any]) -> None:
    """Add the files that need a person, the catalogue, the till, the expectations and annotations. Idempotent.

    load: reads and settles one upload.
    """
    from tillstream.samples.sample_files import DEMO_NAMES  # lazy: loads NumPy, needed by this command only

    for name in DEMO_NAMES:
        expect_files(app, app.contracts.current(name), until, scale)
    for extra in _extra_files(until, scale):
        upload = _existing_upload(app, extra.name)
        if upload is None:
            contract = app.contracts.pin(extra.contract)
            upload = inbox.receive_file(app.ports, contract, extra.name, BytesIO(extra.content()), SAMPLES)
            load(upload)
        if extra.undone and batch_records.get_batch(app.ports, upload.batch_id).state in STATES_IN_LEDGER:
            undo.undo_batch(app.ports, upload.batch_id, SAMPLES)
    _propose_contract(app, until, scale)
    stock.add_catalogue(app, until, SAMPLES)
    add_till_sales(app, until, load, SAMPLES)
    if not annotations.annotations_between(app.ports, UNRESTRICTED):
        _annotate(app, until)


def _annotate(app: App, until: date) -> None:
    """Annotate the first day of the new prices, and the day whose file arrives late."""
    complete = until if (until + timedelta(days=1)).day == 1 else until.replace(day=1) - timedelta(days=1)
    prices = "Olive Oil and Ground Coffee cost 25 % more"
    annotations.add_annotation(app.ports, UNRESTRICTED, complete.replace(day=1), prices, by=SAMPLES)
    region, days = LATE_FILE
    annotations.add_annotation(
        app.ports, UNRESTRICTED, until - timedelta(days=days), "Network outage", region, by=SAMPLES
    )


def _extra_files(until: date, scale: float) -> Iterator[_Extra]:
    from tillstream.samples import sample_files  # lazy: loads NumPy
    from tillstream.samples.monthly_sales import scale_letters
    from tillstream.samples.sample_files import files_of_regions

    days = "_".join(filter(None, (f"{until}", scale_letters(scale).lower())))
    yield _Extra("USA", f"USA_test_{days}.tsv", lambda: sample_files.mistaken_file("USA", until, scale), undone=True)
    yield _Extra("UK", f"UK_market_{days}.csv", lambda: sample_files.damaged_file("UK", until, scale))
    daily = next(
        one
        for one in files_of_regions(until=until, scale=scale, regions=["IN"], days=DAILY_FILES)
        if one.delivery.daily
    )

    def again() -> bytes:
        out = BytesIO()
        daily.write(out)
        return out.getvalue()

    yield _Extra("IN", daily.name.replace(".csv", " (1).csv"), again)


def _propose_contract(app: App, until: date, scale: float) -> None:
    """A file of a source without a contract, held with a proposal for an administrator."""
    from tillstream.samples.sample_files import NEW_HEADER, new_source_file  # lazy: loads NumPy

    name = f"kiosk_{until}.csv"
    if _existing_upload(app, name):
        return
    current = app.contracts.current("IN")
    columns = {**current.columns, "sale_id": NEW_HEADER}
    changes = {"name": "IN-kiosk", "description": "The kiosks of India.", "columns": columns, "version": 1}
    content = new_source_file(until, scale)
    sent = resumable_upload.begin_upload(app.ports, SAMPLES, name, len(content), look=True)
    resumable_upload.append_piece(app.ports, sent.id, SAMPLES, 0, BytesIO(content))
    why = [f"The column {NEW_HEADER} is the number of the sale."]
    contract = current.model_copy(update=changes)
    upload_completion.propose_contract_for_upload(app.ports, app.contracts, sent.id, SAMPLES, contract, why)


def _existing_upload(app: App, name: str) -> Batch | None:
    documents = app.ports.documents.find(batch_records.BATCHES, {"file": name, "received_by": SAMPLES}, limit=1)
    return Batch.from_json(documents[0].data) if documents else None
