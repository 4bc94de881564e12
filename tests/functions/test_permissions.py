"""Each function's account has the permissions of its recorded calls, and no unneeded role."""

import io
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np
import pytest
import recorded_connector
import recorded_decisions
import recorded_homes
import shop_of_two_stores
from app_factory import build
from call_recorder import Calls, names_of, record_calls, recorded_access, required_permissions
from large_settlements import with_jobs
from test_entry_points import storage_data, upload

from functions.receiving import keep_receiving, start_settlement
from infra.access import permissions
from infra.access.entry_points import CALLS, NOT_RECORDED
from infra.functions import FUNCTIONS
from infra.jobs import JOBS
from tillstream.adapters.local.clock import ManualClock
from tillstream.alerts import rules
from tillstream.alerts.condition import AlertSources
from tillstream.alerts.evaluation import evaluate_rules
from tillstream.analytics import holidays, reference
from tillstream.app import App, mail_job
from tillstream.delivery import webhooks
from tillstream.delivery.webhook_attachment import attach_webhook_for_user
from tillstream.delivery.webhook_events import forward_events
from tillstream.delivery.webhooks import renumber_webhooks
from tillstream.forecasting import run_records as forecast_runs
from tillstream.forecasting.forecast_run import run_forecast
from tillstream.forecasting.models.ensemble import ExplainedFit, ForecastFit
from tillstream.forecasting.models.history import SeriesHistory
from tillstream.handlers import FUNCTIONS as ROUTES
from tillstream.handlers import Event, dispatch
from tillstream.intake.resumable_upload import append_piece, begin_upload
from tillstream.intake.store_sales import publish_unsigned_sale
from tillstream.model.batch import Batch, BatchKind, BatchState
from tillstream.model.events import (
    BATCH_RECEIVED,
    BATCH_SETTLED,
    BATCH_STAGED,
    INBOX,
    OBJECT_FINALIZED,
    SALES_RECEIVED,
    TOPIC_SALE_EVENTS,
)
from tillstream.model.messages import store_sale_schema
from tillstream.model.permissions import Role
from tillstream.operations import inbox_upkeep, large_settlements, message_queues
from tillstream.operations.quality_checks import ON_BIGQUERY
from tillstream.operations.quality_checks import run_due_checks as run_checks
from tillstream.operations.reconcile import resume_interrupted_work
from tillstream.people import accounts, warehouse_scopes
from tillstream.people.store_credentials import StoreToken
from tillstream.pipeline.settling import large_job, settle
from tillstream.pipeline.staging.stage import stage as stage_batch
from tillstream.ports.bus import DeadLetter, Message
from tillstream.ports.jobs import (
    ATTACH_FUNCTION,
    CONNECT_JOB,
    DECIDE_FUNCTION,
    FORECAST_JOB,
    HOMES_FUNCTION,
    REPORTS_JOB,
    RESTOCK_JOB,
    SETTLE_LARGE_JOB,
)
from tillstream.records import batch_records, mail, sales_loads
from tillstream.records.jobs import JOB_RUNS, WAITS
from tillstream.reports import report_mail, subscriptions
from tillstream.review.undo import undo_batch
from tillstream.settings import Settings
from tillstream.stock import movement_mirror, restock_queue, stored_levels
from tillstream.stock.movements import Movement, MovementKind, MovementLine
from tillstream.stock.stored_movements import record_movements


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """Days pass at once."""
    app = build(
        Settings(home=tmp_path_factory.mktemp("home"), threads=1), ManualClock(datetime(2024, 1, 1, tzinfo=UTC))
    )
    yield app
    app.close()


@pytest.fixture(scope="module")
def calls(app: App, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Calls]:
    """What each function called while a file and a till's sale went through it."""
    calls_by_function: dict[str, Calls] = {spec.name: set() for spec in (*FUNCTIONS, *JOBS)}

    def handle(function: str, type_: str, data: dict[str, Any]) -> None:
        dispatch(record_calls(app, calls_by_function[function]), Event("1", type_, data), ROUTES[function])

    app.ports.bus.subscribe(TOPIC_SALE_EVENTS, "somebody")
    _receive(app, calls_by_function)
    received = upload(app)
    handle("stage", OBJECT_FINALIZED, storage_data(received))
    handle("stage", BATCH_RECEIVED, {"batch_id": received.batch_id})
    handle("settle", BATCH_STAGED, {"batch_id": received.batch_id})
    handle("announce", BATCH_SETTLED, {"settlement_no": 1})
    projecting = record_calls(app, calls_by_function["project"]).ports
    assert projecting.warehouse.refresh_totals()
    _move_stock(app)
    assert stored_levels.refresh_levels(projecting) == 3
    _leave_much(app)
    sweeping = record_calls(app, calls_by_function["sweep"])
    reference.refresh_rates(sweeping.ports, "USD")
    resume_interrupted_work(sweeping.ports, sweeping.contracts, delegate=True)
    stage_batch(app.ports, upload(app).batch_id)  # its event was lost
    assert settle.settle_all(sweeping.ports, sweeping.contracts)
    assert inbox_upkeep.pack_micro_batches(sweeping.ports, sweeping.contracts)
    accounts.add_account(app.ports, "mia@shop.example", "Mia", Role.CLERK, regions=["IN"])
    assert warehouse_scopes.sync_user_scopes(sweeping.ports)
    _move_stock(app)
    assert stored_levels.follow_movement(sweeping.ports)
    holidays.refresh_holidays(sweeping.ports)
    _alerts(app, sweeping)
    _leave_large(app, calls_by_function)
    _report(tmp_path_factory.mktemp("reports"), calls_by_function)
    _restock(tmp_path_factory.mktemp("restock"), calls_by_function)
    recorded_connector.bring(
        tmp_path_factory.mktemp("sources"), calls_by_function["sweep"], calls_by_function[CONNECT_JOB]
    )
    compacting = record_calls(with_jobs(app, rows=0)[0], calls_by_function["compact"]).ports
    compacting.warehouse.compact()
    _move_stock(app)
    movement_mirror.mirror_new_movements(app.ports)  # the levels do not include it yet
    assert run_checks(compacting, ON_BIGQUERY) == []
    _begin_longest_wait(app, FORECAST_JOB)
    forecast_runs.request_forecast(compacting)
    with_job = record_calls(with_jobs(app, rows=0)[0], calls_by_function["sweep"]).ports
    app.ports.documents.delete(JOB_RUNS, FORECAST_JOB)  # the first run has ended
    assert forecast_runs.start_due_forecast(with_job)
    _forecast(tmp_path_factory.mktemp("forecast"), calls_by_function[FORECAST_JOB])
    record_calls(app, calls_by_function["index"]).ports.warehouse.note_pending_days()
    _forward(app, record_calls(app, calls_by_function["forward"]))
    accounts.add_account(app.ports, "owner", "Owner", Role.ADMIN)
    for attached in (True, False):
        attach_webhook_for_user(
            record_calls(app, calls_by_function[ATTACH_FUNCTION]).ports,
            {"webhook": "9", "attached": attached, "by": "owner"},
        )
    recorded_decisions.make(app, calls_by_function[DECIDE_FUNCTION])
    recorded_homes.sync(
        tmp_path_factory.mktemp("homes"), calls_by_function[HOMES_FUNCTION], calls_by_function[SETTLE_LARGE_JOB]
    )
    return calls_by_function


def _receive(app: App, calls: dict[str, Calls]) -> None:
    """Two sales, the second of which is left to `sales`."""
    receiving = record_calls(app, calls["receive"])

    def stage_by(function: str, batch: Batch) -> None:
        event = Event("1", SALES_RECEIVED, {"batch_id": batch.batch_id})
        dispatch(record_calls(app, calls[function]), event, ROUTES["sales"])

    for function in ("receive", "sales"):
        sold_at = app.ports.clock.now().isoformat(timespec="seconds")
        sale = store_sale_schema()["examples"][0] | {"number": function, "sold_at": sold_at}
        publish_unsigned_sale(app.ports, StoreToken("till", "UK", "LON1"), sale)
        assert keep_receiving(receiving.ports, receiving.contracts, 100, 0, 0, partial(stage_by, function)) == 1
    batch_records.publish_received(
        receiving.ports, batch_records.find_batches(app.ports, kind=BatchKind.STORE_SALES)[0]
    )
    assert start_settlement(receiving.ports)


def _begin_longest_wait(app: App, job: str) -> None:
    """A wait for a load, which the next call of the job ends."""
    since = app.ports.clock.now() - sales_loads.LONGEST
    app.ports.documents.put(WAITS, job, {"since": since.isoformat()})


def _move_stock(app: App) -> None:
    """A receipt that is not in the warehouse yet."""
    today = app.ports.clock.now().date()
    line = MovementLine("P1", Decimal(1))
    record_movements(app.ports, [Movement(str(uuid4()), MovementKind.RECEIPT, "UK", "LON1", today, (line,))], by="ana")


class Zero:
    """A fitter without models: only the calls of a run count here."""

    def fit(self, history: SeriesHistory, horizon: int) -> ForecastFit:
        zero = np.zeros((history.series, horizon))
        return ForecastFit(zero, zero, zero > 0)

    def fit_and_explain(self, history: SeriesHistory, horizon: int, newest_cutoff: int) -> ExplainedFit:
        return ExplainedFit(self.fit(history, horizon), np.zeros((5, history.series, horizon)), ())


def _forecast(folder: Path, calls: Calls) -> None:
    """A forecast, and a second one, which deletes the kept fits that it does not use."""
    shop = shop_of_two_stores.app(folder)
    recorded = record_calls(shop, calls).ports
    for horizon in (7, 8):
        assert not run_forecast(recorded, Zero(), horizon).reason
    shop.close()


def _alerts(app: App, sweeping: App) -> None:
    """An evaluation of a rule of each kind, with an alert, and its end."""
    for one in rules.find_rules(app.ports):
        rules.save_rule(app.ports, replace(one.rule, is_enabled=True), by="ana", version=one.version)
    now = app.ports.clock.now()
    message_queues.store_dead_letter(
        app.ports, DeadLetter("1", "batches", "batch-events", Message(b""), now, now, 9, "late")
    )
    sources = AlertSources(sweeping.ports, sweeping.contracts, "USD")
    assert evaluate_rules(sources).changed
    message_queues.resend_dead_letters(app.ports, ["1"], "ana")
    assert evaluate_rules(sources).failed == {}


def _report(folder: Path, calls: dict[str, Calls]) -> None:
    """A report that the sweep finds due, and the job that makes and sends it."""
    shop, _ = with_jobs(shop_of_two_stores.app(folder))
    accounts.add_account(shop.ports, "ana", "Ana", Role.ANALYST)
    subscriptions.subscribe_to_report(shop.ports, "ana", "week", "ana@example.com", by="ana")
    shop.ports.clock.sleep(timedelta(days=7).total_seconds())
    assert mail_job.start_mail_job(record_calls(shop, calls["sweep"]).ports, sends_mail=True)
    job = record_calls(shop, calls[REPORTS_JOB])
    _begin_longest_wait(shop, REPORTS_JOB)
    assert not mail_job.REPORTS.must_wait(job.ports)
    sender = report_mail.ReportSender(job.ports, job.contracts, "USD", "a@example.com")
    with mail_job.REPORTS.reserved(job.ports):
        assert sum(report_mail.make_due_reports(sender)) == mail.send_due_mail(job.ports, lambda *_: None) == 1
    with pytest.MonkeyPatch.context() as patch:  # of a destination of files
        patch.setenv("TILLSTREAM_SOURCE_BI", "key")
        assert recorded_access(shop, calls[REPORTS_JOB]).credential("env:TILLSTREAM_SOURCE_BI") == "key"
    shop.close()


def _restock(folder: Path, calls: dict[str, Calls]) -> None:
    """A restock queue that is small for the sweep, and then large, so that the job computes it."""
    shop, _ = with_jobs(shop_of_two_stores.app(folder))
    sweeping = record_calls(shop, calls["sweep"]).ports
    stored_levels.refresh_levels(shop.ports)
    assert restock_queue.update_queue(shop.ports, by="ana")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(restock_queue, "AT_ONCE", -1)
        assert restock_queue.update_queue(shop.ports, by="ana") is None
        assert restock_queue.run_or_start_restock(sweeping) is None
        job = record_calls(shop, calls[RESTOCK_JOB]).ports
        with restock_queue.RESTOCK.reserved(job):
            assert restock_queue.run_due_restock(job)
    shop.close()


def ignore(webhook: str, error: Exception) -> None:
    """An error of a turn is logged, and tried again."""


def _forward(app: App, forwarding: App) -> None:
    """An event that a webhook cannot deliver, one that its filter leaves out, and a webhook of an earlier version."""
    webhook, _ = webhooks.add_webhook(app.ports, "https://127.0.0.1:9/closed", "region=UK", "boss", private=True)
    (stored,) = app.ports.documents.find(webhooks.WEBHOOKS.name)
    app.ports.documents.put(webhooks.WEBHOOKS.name, "0a1b2c3d4e5f", {**stored.data, "id": "0a1b2c3d4e5f"})
    app.ports.documents.delete(webhooks.WEBHOOKS.name, webhook.id)
    renumber_webhooks(forwarding.ports)
    for region in ("UK", "IN"):
        app.ports.bus.publish(TOPIC_SALE_EVENTS, [Message(b'{"id": "1", "type": "sale.changed"}', {"region": region})])
    assert forward_events(forwarding.ports, 1.0, ignore, private=True) == 1


def _leave_large(app: App, calls: dict[str, Calls]) -> None:
    """A settlement that is too large for the functions, and the job that settles it."""
    leaving, _ = with_jobs(app, rows=0)
    stage_batch(app.ports, upload(app).batch_id)
    for function in ("settle", "sweep"):
        recorded = record_calls(leaving, calls[function])
        settle.settle_all(recorded.ports, recorded.contracts)
        app.ports.documents.delete(large_job.LEASE_COLLECTION, large_job.LEASE_ID)
    job = record_calls(leaving, calls[SETTLE_LARGE_JOB])
    assert large_settlements.settle_large(job.ports, job.contracts)["settled"]


def _leave_much(app: App) -> None:
    """For a sweep: a file whose event was lost, an unannounced settlement, and half of a file, days old."""
    (settled, *_) = batch_records.find_batches(app.ports, state=BatchState.ANNOUNCED)
    undo_batch(app.ports, settled.batch_id, "boss")
    half = begin_upload(app.ports, "emma", "july.csv", 100, contract="IN")
    append_piece(app.ports, half.id, "emma", 0, io.BytesIO(b"half"))
    upload(app)
    behind = max(datetime.now(UTC) - app.ports.clock.now(), timedelta(0))  # settlements have the warehouse's time
    app.ports.clock.sleep((behind + timedelta(days=4)).total_seconds())


def test_each_function_makes_the_calls_that_its_roles_are_for(calls: dict[str, Calls]) -> None:
    for spec in (*FUNCTIONS, *JOBS):
        not_recorded = {call for entry, call in NOT_RECORDED if entry == spec.name}
        assert names_of(calls[spec.name]) | not_recorded == CALLS[spec.name], spec.name


def test_staged_rows_are_only_looked_up_before_they_are_settled(calls: dict[str, Calls]) -> None:
    """Cloud Storage compares what it keeps itself, and BigQuery reads it."""
    assert "objects.open:staging" not in names_of(calls["settle"])
    assert "objects.stat:staging" in names_of(calls["settle"])


WRITES = ("bigquery.tables.updateData", ""), ("storage.objects.delete", INBOX)


def test_only_accounts_that_do_it_can_write_the_ledger_or_delete_originals(calls: dict[str, Calls]) -> None:
    for spec in (*FUNCTIONS, *JOBS):
        granted = set(permissions.granted_permissions(spec.grants)) & set(WRITES)
        assert granted - required_permissions(calls[spec.name]) == set(), spec.name
