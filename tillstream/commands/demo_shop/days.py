"""What the demo adds to the sample files, so that every page has something to show on the first day."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from io import BytesIO
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from tillstream.app import App
from tillstream.commands.demo_shop import catalogue, till
from tillstream.contracts import contract_files, source_settings
from tillstream.dashboards import annotations
from tillstream.intake import inbox, resumable_upload, upload_completion
from tillstream.model.batch import STATES_IN_LEDGER, Batch
from tillstream.model.contract import Contract
from tillstream.model.contract_schedule import Expectation, StoreExpectation
from tillstream.model.people import UNRESTRICTED
from tillstream.records import batch_records
from tillstream.records.batch_records import SAMPLES
from tillstream.review import undo

if TYPE_CHECKING:
    from tillstream.samples.deliveries import Delivery

DAYS = 7
"""Number of newest days that have a file each."""
LATE = ("UK", 3)
"""Region, and day before the last, of the file that arrives after its deadline."""
LARGE_STORES = 3
"""Number of stores per region that sell every day at scale 1; of the others no sales are expected."""
DEADLINE, ARRIVAL = time(12, 0), time(6, 30)


def last_day(now: datetime) -> date:
    """The last day that has ended in every sample region, so that no sample sale is later than `now`."""
    from tillstream.samples.files import DEMO  # lazy: loads NumPy, needed by this command only

    zones = [ZoneInfo(contract_files.shipped_contracts()[region].dates.time_zone) for region in DEMO]
    return min(now.astimezone(zone).date() for zone in zones) - timedelta(days=1)


def arrival(contract: Contract, delivery: "Delivery", until: date, now: datetime) -> datetime:
    """When a sample file arrives: the morning after its last day, some days later if it is late, and never after `now`.

    Corrections arrive now, after everything else.
    """
    if delivery.corrects:
        return now
    region, before = LATE
    is_late = delivery.daily and contract.region == region and delivery.last == until - timedelta(days=before)
    day = delivery.last + timedelta(days=2 if is_late else 1)
    at = datetime.combine(day, ARRIVAL, ZoneInfo(contract.dates.time_zone))
    order = timedelta(hours=9 if is_late else 0, minutes=5 * delivery.repeats)
    return min(at + order, now - timedelta(minutes=1))


def expect(app: App, contract: Contract, until: date, scale: float) -> None:
    """Expect a file of the last days every day, and sales of the large stores; what people have set stays."""
    if source_settings.expectation_of_contract(app.ports, contract).by:
        return
    small = contract.stores[LARGE_STORES if scale >= 1 else 0 :]
    expectation = Expectation(
        cadence="daily",
        deadline=DEADLINE,
        since=until - timedelta(days=DAYS - 1),
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


def add(app: App, until: date, scale: float, load: Callable[[Batch], Any]) -> None:
    """Add the files that need a person, the catalogue, the till, the expectations and annotations. Idempotent.

    load: reads and settles one upload.
    """
    from tillstream.samples.files import DEMO  # lazy: loads NumPy, needed by this command only

    for name in DEMO:
        expect(app, app.contracts.current(name), until, scale)
    for extra in _extras(until, scale):
        upload = _existing(app, extra.name)
        if upload is None:
            contract = app.contracts.pin(extra.contract)
            upload = inbox.receive_file(app.ports, contract, extra.name, BytesIO(extra.content()), SAMPLES)
            load(upload)
        if extra.undone and batch_records.get_batch(app.ports, upload.batch_id).state in STATES_IN_LEDGER:
            undo.undo_batch(app.ports, upload.batch_id, SAMPLES)
    _propose(app, until, scale)
    catalogue.add(app, until, SAMPLES)
    till.add(app, until, load, SAMPLES)
    if not annotations.between(app.ports, UNRESTRICTED):
        _annotate(app, until)


def _annotate(app: App, until: date) -> None:
    """Annotate the first day of the new prices, and the day whose file arrives late."""
    complete = until if (until + timedelta(days=1)).day == 1 else until.replace(day=1) - timedelta(days=1)
    prices = "Olive Oil and Ground Coffee cost 25 % more"
    annotations.add(app.ports, UNRESTRICTED, complete.replace(day=1), prices, by=SAMPLES)
    region, days = LATE
    annotations.add(app.ports, UNRESTRICTED, until - timedelta(days=days), "Network outage", region, by=SAMPLES)


def _extras(until: date, scale: float) -> Iterator[_Extra]:
    from tillstream.samples import extras  # lazy: loads NumPy
    from tillstream.samples.files import files
    from tillstream.samples.months import mark

    days = "_".join(filter(None, (f"{until}", mark(scale).lower())))
    yield _Extra("USA", f"USA_test_{days}.tsv", lambda: extras.mistaken("USA", until, scale), undone=True)
    yield _Extra("UK", f"UK_market_{days}.csv", lambda: extras.damaged("UK", until, scale))
    daily = next(one for one in files(until=until, scale=scale, regions=["IN"], days=DAYS) if one.delivery.daily)

    def again() -> bytes:
        out = BytesIO()
        daily.write(out)
        return out.getvalue()

    yield _Extra("IN", daily.name.replace(".csv", " (1).csv"), again)


def _propose(app: App, until: date, scale: float) -> None:
    """A file of a source without a contract, held with a proposal for an administrator."""
    from tillstream.samples.extras import NEW_HEADER, new_source  # lazy: loads NumPy

    name = f"kiosk_{until}.csv"
    if _existing(app, name):
        return
    current = app.contracts.current("IN")
    columns = {**current.columns, "sale_id": NEW_HEADER}
    changes = {"name": "IN-kiosk", "description": "The kiosks of India.", "columns": columns, "version": 1}
    content = new_source(until, scale)
    sent = resumable_upload.begin_upload(app.ports, SAMPLES, name, len(content), look=True)
    resumable_upload.append_piece(app.ports, sent.id, SAMPLES, 0, BytesIO(content))
    why = [f"The column {NEW_HEADER} is the number of the sale."]
    contract = current.model_copy(update=changes)
    upload_completion.propose_contract_for_upload(app.ports, app.contracts, sent.id, SAMPLES, contract, why)


def _existing(app: App, name: str) -> Batch | None:
    documents = app.ports.documents.find(batch_records.BATCHES, {"file": name, "received_by": SAMPLES}, limit=1)
    return Batch.from_json(documents[0].data) if documents else None
