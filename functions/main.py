"""Entry points of the functions, one functions-framework target each, for local runs and the cloud.

Each decodes its event and dispatches it. Returning acknowledges the event; raising redelivers it until it is too old.
"""

import base64
import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import functions_framework
from cloudevents.http import CloudEvent
from flask import Request, request

from functions import pushed
from tillstream.app import App, build
from tillstream.domain.batch.record import Batch
from tillstream.domain.events import (
    MESSAGE_PUBLISHED,
    OBJECT_FINALIZED,
    SALES_RECEIVED,
    TOPIC_BATCHES,
    TOPIC_OBJECTS,
)
from tillstream.handlers import FUNCTIONS, Event, dispatch
from tillstream.logs import bind_trace, configure, warn
from tillstream.ports.event_bus import DeadLetter, Message
from tillstream.settings import Settings
from tillstream.workflows.operations import dead_letters

GIVE_UP_UNTRIED_AFTER = timedelta(hours=1)
"""An event this much older than `event_hours` becomes a dead letter without another try: earlier tries must have ended
their instances."""
QUALITY_FAILED, REPAIRED = "quality check failed", "sweep repaired"


@cache
def app() -> App:
    """The application, built at the first event and kept by the instance."""
    settings = Settings.read()
    configure(settings)
    return build(settings)


@functions_framework.cloud_event
def stage(event: CloudEvent) -> None:
    """Stage an object finalized in the inbox bucket, or a received batch that has no object."""
    _handle("stage", event)


@functions_framework.cloud_event
def sales(event: CloudEvent) -> None:
    """Stage a micro-batch of store sales."""
    _handle("sales", event)


@functions_framework.cloud_event
def settle(event: CloudEvent) -> None:
    """Settle staged batches."""
    _handle("settle", event)


@functions_framework.cloud_event
def announce(event: CloudEvent) -> None:
    """Publish the changes of a committed settlement."""
    _handle("announce", event)


@functions_framework.http
def receive(_: Request) -> tuple[dict[str, int], int]:
    """Called by the scheduler: pull store sales, store them as micro-batches and stage them, for `receive_seconds`, or
    once outside the opening hours; then start the settlement of those that are staged."""
    from functions.receiving import keep_receiving, start_settlement

    with _called() as running:
        running.contracts.refresh()
        chosen, ports = running.settings, running.ports
        seconds = chosen.receive_seconds if chosen.is_open(ports.clock.now()) else 0

        def stage_sales(batch: Batch) -> None:
            dispatch(running, Event(batch.batch_id, SALES_RECEIVED, {"batch_id": batch.batch_id}), FUNCTIONS["sales"])

        batches = keep_receiving(ports, running.contracts, chosen.batch_size, seconds, chosen.batch_wait, stage_sales)
        start_settlement(ports)
    return {"batches": batches}, 200


@functions_framework.http
def sweep(_: Request) -> tuple[dict[str, Any], int]:
    """Called by the scheduler: retry stalled batches; refresh exchange rates and holidays; evaluate the rules of
    alerts; compute the restock queue, or start the job `restock` if it is large; start the jobs `reports` and `connect`
    if something is due."""
    from tillstream.alerts.evaluation import RULE_FAILED, evaluate
    from tillstream.alerts.sources import AlertSources
    from tillstream.analytics import holidays, reference
    from tillstream.connectors import schedule as connectors
    from tillstream.reports import mail_job
    from tillstream.workflows.operations import reconcile
    from tillstream.workflows.restocking import schedule

    with _called() as running:
        running.contracts.refresh()
        lost = reference.refresh_rates(running.ports, running.settings.reporting_currency)
        settings = running.settings
        reference.ensure_secret(running.ports)
        reference.refresh_calendar(running.ports, settings.fiscal_month, settings.retail_calendar)
        summary = reconcile.run(running.ports, running.contracts, delegate=bool(running.settings.project))
        summary["repaired"] = [*lost, *summary["repaired"]]
        warn(REPAIRED, summary["repaired"])
        holidays.refresh(running.ports)
        sources = AlertSources(running.ports, running.contracts, settings.reporting_currency, running.queries)
        warn(RULE_FAILED, evaluate(sources).failures)
        schedule.run_or_start(running.ports)
        mail_job.start_if_due(running.ports, sends_mail=settings.sends_mail)
        connectors.start_if_due(running.ports)
    return summary, 200


@functions_framework.http
def project(_: Request) -> tuple[dict[str, int], int]:
    """Called by the scheduler: refresh daily totals and stock levels that settlements changed since the last call."""
    from tillstream.inventory import levels

    with _called() as running:
        days = running.ports.warehouse.refresh_totals()
        return {"days": days, "stock_levels": levels.refresh(running.ports)}, 200


@functions_framework.http
def compact(_: Request) -> tuple[dict[str, int], int]:
    """Called by the scheduler: compact the ledger, check the quality of the changed days, start the forecasts."""
    from tillstream.ports.jobs import FORECAST
    from tillstream.quality import run
    from tillstream.workflows.operations import mirrors

    with _called() as running:
        days = running.ports.warehouse.compact()
        warn(REPAIRED, mirrors.repair(running.ports))
        warn(QUALITY_FAILED, run.run_due(running.ports, run.ON_BIGQUERY))
        if running.ports.jobs:
            running.ports.jobs.start(FORECAST)
    return {"days": days}, 200


@functions_framework.http
def index(_: Request) -> tuple[dict[str, int], int]:
    """Called by the scheduler: note the sales of large settlements in the sale index."""
    with _called() as running:
        return {"pending_days": running.ports.warehouse.note_pending_days()}, 200


@functions_framework.http
def forward(_: Request) -> tuple[dict[str, int], int]:
    """Called by the scheduler: send sale events to webhooks, for `forward_seconds`."""
    from tillstream.webhooks.forwarding import forward_for

    with _called() as running:
        chosen = running.settings
        webhooks = forward_for(
            running.ports,
            chosen.forward_seconds,
            lambda webhook, error: warn("webhook", [f"{webhook}: {error!r}"]),
            private=chosen.webhook_private,
        )
    return {"webhooks": webhooks}, 200


@contextmanager
def _called() -> Iterator[App]:
    """Check the caller of a function that is called over HTTP, and bind its trace within the block."""
    running = app()
    pushed.check(running.settings)
    with bind_trace(running.settings, _headers()):
        yield running


def _handle(function: str, cloud_event: CloudEvent) -> None:
    running, routes = app(), FUNCTIONS[function]
    pushed.check(running.settings)
    event = _event(cloud_event)
    if event.type not in routes:
        return  # the subscription may have no filter
    age = datetime.now(UTC) - datetime.fromisoformat(cloud_event["time"])
    limit = timedelta(hours=running.settings.event_hours)
    with bind_trace(running.settings, _headers()):
        if age > limit + GIVE_UP_UNTRIED_AFTER:
            _dead_letter(function, event, age, "The instances that tried it did not live to say why.")
            return
        running.contracts.refresh()
        try:
            dispatch(running, event, routes)
        except Exception as error:
            if age <= limit:
                raise
            _dead_letter(function, event, age, repr(error))


def _headers() -> dict[str, str]:
    return {name.lower(): value for name, value in request.headers.items()}


def _dead_letter(function: str, event: Event, age: timedelta, error: str) -> None:
    topic = TOPIC_OBJECTS if event.type == OBJECT_FINALIZED else TOPIC_BATCHES
    message = Message(json.dumps(event.data).encode(), {"type": event.type})
    now = app().ports.clock.now()
    dead_letters.store(
        app().ports, DeadLetter(f"{function}-{event.id}", function, topic, message, now - age, now, 0, error)
    )


def _event(event: CloudEvent) -> Event:
    """Convert a CloudEvent; a Pub/Sub message carries the type as an attribute and the data as base64 JSON.

    Bucket names are converted to those of the pipeline.
    """
    data: Any = event.get_data() or {}
    if event["type"] == OBJECT_FINALIZED:
        pipeline_names = (
            {bucket: name for name, bucket in app().settings.buckets.items()} if app().settings.project else {}
        )
        return Event(event["id"], event["type"], {**data, "bucket": pipeline_names.get(data["bucket"], data["bucket"])})
    if event["type"] != MESSAGE_PUBLISHED:
        return Event(event["id"], event["type"], data)
    message = data["message"]
    return Event(
        event["id"], message.get("attributes", {}).get("type", ""), json.loads(base64.b64decode(message["data"]))
    )
