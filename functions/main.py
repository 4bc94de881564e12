"""Entry points of the functions, one functions-framework target each, for local runs and the cloud.

Each decodes its event and dispatches it. Returning acknowledges the event; raising redelivers it until it is too old.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache

import functions_framework
from cloudevents.http import CloudEvent
from flask import Request, Response

from functions import events
from functions.answers import answer
from tillstream.app import App, build
from tillstream.handlers import FUNCTIONS, Event, dispatch
from tillstream.logs import configure, log_handled, warn
from tillstream.model.batch import Batch
from tillstream.model.events import SALES_RECEIVED
from tillstream.settings import Settings

SCHEDULED = "schedule"
"""Type of the line of a call by the scheduler."""
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

    with _called("receive") as running:
        running.contracts.refresh()
        chosen, ports = running.settings, running.ports
        seconds = chosen.receive_seconds if chosen.is_open(ports.clock.now()) else 0

        def stage_sales(batch: Batch) -> None:
            dispatch(running, Event(batch.batch_id, SALES_RECEIVED, {"batch_id": batch.batch_id}), FUNCTIONS["sales"])

        batches = keep_receiving(ports, running.contracts, chosen.batch_size, seconds, chosen.batch_wait, stage_sales)
        start_settlement(ports)
    return {"batches": batches}, 200


@functions_framework.http
def decide(called: Request) -> Response:
    """Called by the portal: undo a batch, or preview a settlement, for a user."""
    from tillstream.operations.delegated_decisions import DecisionContext, UserDecision, perform_decision

    with events.bound(app(), "decide") as running:
        running.contracts.refresh()
        ledger = DecisionContext(running.ports, running.contracts, running.queries)
        body = called.get_json(silent=True)
        facts = {name: (body or {}).get(name) for name in ("work", "by")}
        return answer(lambda: perform_decision(ledger, UserDecision.from_json(body)), **facts)


@functions_framework.http
def homes(called: Request) -> Response:
    """Called by the portal: answer a call of a home that syncs to this project."""
    from tillstream.sync.http import signed_calls

    with events.bound(app(), "homes") as running:
        running.contracts.refresh()
        body = called.get_json(silent=True)
        call = body.get("call") if isinstance(body, dict) else None
        return answer(lambda: signed_calls.serve_call(running.ports, running.contracts, body), call=call)


@functions_framework.http
def attach(called: Request) -> Response:
    """Called by the portal: attach or detach the subscription of a webhook, for an admin."""
    from tillstream.delivery.webhook_attachment import attach_webhook_for_user

    with events.bound(app(), "attach") as running:
        body = called.get_json(silent=True)
        facts = {name: body.get(name) for name in ("webhook", "by")} if isinstance(body, dict) else {}
        return answer(lambda: attach_webhook_for_user(running.ports, body), **facts)


@functions_framework.http
def sweep(called: Request) -> Response | tuple[Mapping[str, object], int]:
    """Called by the portal for a user: retry stalled batches.

    Called by the scheduler: also refresh exchange rates and holidays; evaluate the rules of alerts; compute the restock
    queue, or start the job `restock` if it is large; start the jobs `forecast`, `reports` and `connect` if something is
    due.
    """
    from tillstream.alerts.condition import AlertSources
    from tillstream.alerts.evaluation import RULE_FAILED, evaluate_when_loaded
    from tillstream.analytics import holidays, reference
    from tillstream.app import mail_job
    from tillstream.connectors import due_runs as connectors
    from tillstream.forecasting.run_records import start_due_forecast
    from tillstream.operations import maintenance_status, reconcile
    from tillstream.operations.reconcile import sweep_in_function
    from tillstream.stock import restock_queue

    if by := (called.get_json(silent=True) or {}).get("by"):
        with events.bound(app(), "sweep") as running:
            running.contracts.refresh()
            return answer(lambda: sweep_in_function(running.ports, running.contracts, by), work="sweep", by=by)
    with _called("sweep") as running:
        running.contracts.refresh()
        lost = reference.refresh_rates(running.ports, running.settings.reporting_currency)
        settings = running.settings
        reference.ensure_secret(running.ports)
        reference.refresh_calendar(running.ports, settings.fiscal_month, settings.retail_calendar)
        summary = reconcile.run_sweep(running.ports, running.contracts, delegate=bool(running.settings.project))
        summary["repaired"] = [*lost, *summary["repaired"]]
        warn(REPAIRED, summary["repaired"])
        warn(maintenance_status.OVERDUE_MESSAGE, maintenance_status.overdue_batches_text(running.ports))
        holidays.refresh_holidays(running.ports)
        sources = AlertSources(running.ports, running.contracts, settings.reporting_currency, running.queries)
        warn(RULE_FAILED, evaluate_when_loaded(sources).failures)
        restock_queue.run_or_start_restock(running.ports)
        start_due_forecast(running.ports)
        mail_job.start_mail_job(running.ports, sends_mail=settings.sends_mail)
        connectors.start_job_if_due(running.ports)
    return summary, 200


@functions_framework.http
def project(_: Request) -> tuple[dict[str, int], int]:
    """Called by the scheduler: refresh daily totals and stock levels that settlements changed since the last call."""
    from tillstream.stock import stored_levels

    with _called("project") as running:
        days = running.ports.warehouse.refresh_totals()
        return {"days": days, "stock_levels": stored_levels.refresh_levels(running.ports)}, 200


@functions_framework.http
def compact(_: Request) -> tuple[dict[str, int], int]:
    """Called by the scheduler: compact the ledger, check the quality of the changed days, request the forecasts."""
    from tillstream.forecasting.run_records import request_forecast
    from tillstream.operations import document_mirrors, quality_checks

    with _called("compact") as running:
        days = running.ports.warehouse.compact()
        warn(REPAIRED, document_mirrors.repair_mirrors(running.ports))
        warn(QUALITY_FAILED, quality_checks.run_due_checks(running.ports, quality_checks.ON_BIGQUERY))
        if running.ports.jobs:
            request_forecast(running.ports)
    return {"days": days}, 200


@functions_framework.http
def index(_: Request) -> tuple[dict[str, int], int]:
    """Called by the scheduler: note the sales of large settlements in the sale index."""
    with _called("index") as running:
        return {"pending_days": running.ports.warehouse.note_pending_days()}, 200


@functions_framework.http
def forward(_: Request) -> tuple[dict[str, int], int]:
    """Called by the scheduler: send sale events to webhooks, for `forward_seconds`."""
    from tillstream.delivery.webhook_events import forward_events
    from tillstream.delivery.webhooks import renumber_webhooks

    with _called("forward") as running:
        renumber_webhooks(running.ports)
        chosen = running.settings
        webhooks = forward_events(
            running.ports,
            chosen.forward_seconds,
            lambda webhook, error: warn("webhook", [f"{webhook}: {error!r}"]),
            private=chosen.webhook_private,
        )
    return {"webhooks": webhooks}, 200


@contextmanager
def _called(function: str) -> Iterator[App]:
    """Check the caller of a function that the scheduler calls, and log one line for the call."""
    with events.bound(app(), function) as running, log_handled(SCHEDULED):
        yield running


def _handle(function: str, event: CloudEvent) -> None:
    with events.bound(app(), function) as running:
        events.handle(running, function, event)
