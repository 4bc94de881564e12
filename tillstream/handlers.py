"""Event handlers and their routing table. Returning acknowledges an event, raising causes redelivery.

Handlers import their pipeline step on the first call: a cloud function handles one type of event only.
"""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import structlog

from tillstream.app import App
from tillstream.logs import log_handled
from tillstream.model import dates
from tillstream.model.batch import Batch, BatchKind, BatchState
from tillstream.model.document_json import ActionFacts
from tillstream.model.errors import Rejected, TillstreamError
from tillstream.model.events import (
    BATCH_RECEIVED,
    BATCH_SETTLED,
    BATCH_STAGED,
    OBJECT_FINALIZED,
    SALES_RECEIVED,
    SALES_STAGED,
)
from tillstream.ports.objects import StoredObject

log = structlog.get_logger("tillstream")
Data = Mapping[str, Any]
Handler = Callable[[App, Data], ActionFacts]


def stage_object(app: App, data: Data) -> ActionFacts:
    """Stage a new inbox object, creating its batch record if needed. A recorded micro-batch of store sales has an event
    of its own, files of a backfill on Spark are left to it, and originals of other homes to the sync."""
    from tillstream.intake.inbox import create_inbox_record, not_new_reason, recorded_batch

    stored = StoredObject(data["bucket"], data["name"], int(data["generation"]), int(data.get("size", 0)))
    batch = recorded_batch(app.ports, stored)
    if batch and batch.kind is BatchKind.STORE_SALES:
        return {"batch": batch.batch_id, "outcome": "recorded"}
    if not batch and not_new_reason(stored):
        return {"object": stored.name, "outcome": "not a new file"}
    batch = batch or create_inbox_record(app.ports, app.contracts, stored)
    return _stage_unless_left(app, batch)


def stage_batch(app: App, data: Data) -> ActionFacts:
    """Stage a received batch; no-op if that is done already, or if a command on Spark or the sync stages it."""
    from tillstream.records import batch_records

    if app.ports.jobs:  # in a project; one process stages the files of a home
        return _stage_unless_left(app, batch_records.get_batch(app.ports, data["batch_id"]))
    return _stage(app, data["batch_id"])


def _stage_unless_left(app: App, batch: Batch) -> ActionFacts:
    from tillstream.spark.staging_lease import is_left_to_spark

    if batch.home:
        return {"batch": batch.batch_id, "outcome": "left to the sync"}
    if is_left_to_spark(app.ports, batch):
        return {"batch": batch.batch_id, "outcome": "left to Spark"}
    return _stage(app, batch.batch_id)


def _stage(app: App, batch: str) -> ActionFacts:
    from tillstream.pipeline.staging import stage

    upload = stage.stage(app.ports, batch, contracts=app.contracts)
    return {
        "batch": upload.batch_id,
        "rows": upload.staged.rows_read if upload.staged else 0,
        "outcome": upload.state.value,
    }


def stage_sales(app: App, data: Data) -> ActionFacts:
    """Stage a micro-batch of store sales, and make its lines visible before they are settled, which may fail.

    Logs the seconds from the first message to the visible lines.
    """
    from tillstream.pipeline.publishing import live_lines

    batch = data["batch_id"]
    facts = _stage(app, batch)
    try:
        appended = live_lines.publish_live_lines(app.ports, batch)
    except TillstreamError as error:
        log.warning("live", outcome="failed", batch=batch, reason=str(error))
    else:
        if appended.rows:
            seconds = dates.seconds_since_receipt(appended.received_seq, app.ports.clock.now())
            log.info("live", batch=batch, rows=appended.rows, **seconds)
    return facts


def settle_batches(app: App, data: Data) -> ActionFacts:
    """Settle all staged batches; no-op if another event has done it already.

    Logs the seconds from receipt to settlement of each batch; not of confirmed batches, which were held in between.
    """
    from tillstream.pipeline.settling import settle
    from tillstream.records import batch_records

    staged = batch_records.find_batches(app.ports, state=BatchState.STAGED, kind=None, limit=None)
    numbers = settle.settle_all(app.ports, app.contracts)
    for upload in staged if numbers else ():
        if not upload.confirmed and batch_records.get_batch(app.ports, upload.batch_id).state is BatchState.SETTLED:
            seconds = dates.seconds_since_receipt(upload.received_seq, app.ports.clock.now())
            log.info("settled", batch=upload.batch_id, kind=upload.kind, **seconds)
    return {
        "batch": data.get("batch_id"),
        "settlements": numbers,
        "outcome": "settled" if numbers else "nothing waited",
    }


def announce_settlement(app: App, data: Data) -> ActionFacts:
    """Publish the changes of a committed settlement, one event per line."""
    from tillstream.pipeline.publishing import sale_events

    events = sale_events.publish_changes(app.ports, int(data["settlement_no"]))
    return {"settlement": data["settlement_no"], "rows": events, "outcome": "announced"}


ROUTES: dict[str, Handler] = {
    OBJECT_FINALIZED: stage_object,
    BATCH_RECEIVED: stage_batch,
    BATCH_STAGED: settle_batches,
    BATCH_SETTLED: announce_settlement,
    SALES_RECEIVED: stage_batch,
    SALES_STAGED: settle_batches,
}
FUNCTIONS: dict[str, dict[str, Handler]] = {
    "stage": {OBJECT_FINALIZED: stage_object, BATCH_RECEIVED: stage_batch},
    "sales": {SALES_RECEIVED: stage_sales},
    "settle": {BATCH_STAGED: settle_batches},
    "announce": {BATCH_SETTLED: announce_settlement},
}
"""Routes of each cloud function that handles events; `receive` stages by those of `sales`. The local worker uses
`ROUTES`: it settles store sales at once."""


@dataclass(frozen=True)
class Event:
    """The fields of a CloudEvent that handlers use."""

    id: str
    type: str
    data: Data


def dispatch(app: App, event: Event, routes: Mapping[str, Handler] = ROUTES) -> None:
    """Handle one event and log one line. `Rejected` is logged and acknowledged; other errors propagate for a retry."""
    with suppress(Rejected), log_handled(event.type, event.id) as facts:
        handler = routes.get(event.type)
        if handler is None:
            raise Rejected(f"No handler for events of type {event.type}.")
        facts.update(handler(app, event.data))
