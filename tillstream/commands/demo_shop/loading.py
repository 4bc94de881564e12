"""Write and load the sample regions."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import date
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tillstream.app import App
from tillstream.commands.demo_shop.people import (
    ANALYST,
    add_accounts,
    add_dashboard,
    add_saved_view,
    add_subscriptions,
    demo_account,
)
from tillstream.commands.demo_shop.planning import add_alerts, add_goals, add_series
from tillstream.commands.demo_shop.sales import DAILY_FILES, add_days, arrival_of, last_day
from tillstream.commands.demo_shop.stock import add_orders, add_stock
from tillstream.commands.result import DONE, FAILED, HELD, KEPT, Progress, Result, quiet
from tillstream.commands.run_batch import exit_code, run_batch
from tillstream.forecasting.run_records import request_forecast
from tillstream.intake import inbox
from tillstream.model.batch import Batch, BatchState
from tillstream.model.errors import Rejected, Unavailable
from tillstream.operations import quality_checks as quality
from tillstream.pipeline.settling import settle
from tillstream.pipeline.staging import stage
from tillstream.receipts.receipt import batch_receipt
from tillstream.records import batch_records, sales_loads
from tillstream.records.batch_records import SAMPLES
from tillstream.sync import sync_status

if TYPE_CHECKING:
    from tillstream.samples.sample_files import SampleFile


UNDER_WAY = frozenset({BatchState.RECEIVED, BatchState.STAGING, BatchState.STAGED})


PATIENCE = 900.0
FORECAST_FROM = 0.1
"""Scale of the samples from which on they are forecast by the whole model, which takes a minute."""


def load_demo(app: App, progress: Progress, scale: float, *, accounts: bool) -> Result:
    """Write the sample regions' files up to their last whole day, load them like others, and add what needs a person.

    scale: 1 is about 200,000 lines. accounts: also create an account for each role that has none. The result has the
    receipts of the sample files; with accounts, as `files` beside `accounts` and their passwords.
    Raises `Rejected` in a home that syncs.
    """
    if to := sync_status.syncs_to(app.ports):
        raise Rejected(f"This home syncs to {to}, where sample sales would count as real ones.")
    with sales_loads.loading(app.ports, SAMPLES):
        return _loaded(app, progress, scale, accounts=accounts)


def _loaded(app: App, progress: Progress, scale: float, *, accounts: bool) -> Result:
    from tillstream.commands.demo_shop.web_shop import add_web_shop  # lazy: the kinds of connectors
    from tillstream.samples.sample_files import write_samples  # lazy: needed by this command only
    from tillstream.stock import restock_queue, restock_simulation
    from tillstream.stock import restock_queue as restock

    until = last_day(app.ports.clock.now())
    written = write_samples(app.settings.home / "samples", until=until, scale=scale, days=DAILY_FILES)
    received, corrections = [], []
    for sample, path in written:  # the worker processes each file while the next is written
        if sample.delivery.corrects:
            corrections.append((sample, path))
        else:
            received.append(_receive(app, progress, sample, path, until))
    receipts = _processed(app, progress, received)
    # apart, so that Changes shows what the corrections change
    receipts += _processed(app, progress, [_receive(app, progress, *each, until) for each in corrections])
    add_days(app, until, scale, partial(_add, app))
    add_web_shop(app, until, partial(_add, app), SAMPLES)
    app.ports.warehouse.refresh_totals()
    add_stock(app, until, SAMPLES)
    quality.check_all_days(app.ports)
    add_goals(app, SAMPLES)
    add_orders(app, SAMPLES)
    add_series(app, SAMPLES)
    _forecast(app, scale)
    restock.run_restock(app.ports, restock_queue.restock_basis(app.ports))
    restock_simulation.refresh_due_comparison(app.ports)
    add_alerts(app, SAMPLES)
    codes = [exit_code(receipt) for receipt in receipts]
    code = next((code for code in (FAILED, HELD) if code in codes), DONE)
    added = add_accounts(app, SAMPLES) if accounts else []
    analyst = demo_account(app, ANALYST)
    add_dashboard(app, ANALYST, analyst)
    add_saved_view(app, ANALYST, analyst)
    if not accounts:
        return Result(receipts, code)
    for person in added:
        add_subscriptions(app, person.login, person.role)
    people = [asdict(person) for person in added]
    return Result({"files": receipts, "accounts": people}, code)


def _forecast(app: App, scale: float) -> None:
    """Forecast the samples: a few of them quickly, more by the model; on a server, its worker does this afterwards."""
    from tillstream.forecasting.fitters import (
        FittingProcess,  # lazy: NumPy
        QuickFits,
    )
    from tillstream.forecasting.forecast_run import run_forecast

    is_whole = scale >= FORECAST_FROM
    if app.has_worker or not is_whole:
        run_forecast(app.ports, QuickFits(), keep_fits=False)
        if is_whole:
            request_forecast(app.ports)
        return
    with FittingProcess() as fitter:
        run_forecast(app.ports, fitter)


def _receive(app: App, progress: Progress, sample: "SampleFile", path: Path, until: date) -> Batch:
    """Receive a file as of its day. With a worker, a file received by an interrupted start is not received again."""
    documents = app.ports.documents.find(batch_records.BATCHES, {"file": path.name, "received_by": SAMPLES}, limit=1)
    if documents and app.has_worker:
        upload = Batch.from_json(documents[0].data)
    else:
        contract = app.contracts.pin(sample.contract)
        at = arrival_of(contract, sample.delivery, until, app.ports.clock.now())
        with path.open("rb") as stream:
            upload = inbox.receive_file(app.ports, contract, path.name, stream, SAMPLES, received=at)
    progress(KEPT, about=f"{upload.batch_id} {upload.file}")
    return upload


def _processed(app: App, progress: Progress, received: Sequence[Batch]) -> list[Mapping[str, Any]]:
    """The receipts of the uploads: once the worker has processed them, or settled here, together."""
    if not app.has_worker:
        for upload in received:
            stage.stage(app.ports, upload.batch_id, lambda rows: progress("rows", rows), app.contracts)
        progress("settling")
        settle.settle_all(app.ports, app.contracts)
    receipts: list[Mapping[str, Any]] = []
    for upload in received:
        if app.has_worker:
            _wait(app, upload)
        receipt = batch_receipt(app.ports, upload.batch_id)
        if app.has_worker:
            progress("rows", receipt["rows"]["read"])
        receipts.append(receipt)
        progress("files", 1)
    return receipts


def _add(app: App, upload: Batch) -> None:
    """Process one more file; whether it is loaded or held is shown in the portal."""
    if app.has_worker:
        _wait(app, upload)
    else:
        run_batch(app, upload, quiet)


def _wait(app: App, upload: Batch) -> None:
    """Wait until the worker has processed the upload. Raises `Unavailable` after `PATIENCE` seconds."""
    give_up_at = time.monotonic() + PATIENCE
    while batch_records.get_batch(app.ports, upload.batch_id).state in UNDER_WAY:
        if time.monotonic() > give_up_at:
            raise Unavailable(
                f"{upload.file} is stored but not processed yet. See the pipeline page in the portal for the cause."
            )
        time.sleep(0.05)
