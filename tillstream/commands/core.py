"""What the command line can do, as plain functions: run in this process, or by the server that owns the folder.

Each takes the app and JSON-like arguments and gives a `Result`; nothing here prints.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tillstream import audit
from tillstream.analytics import filter_values, queries, reference
from tillstream.analytics.filters import Filters
from tillstream.app import App
from tillstream.batches import records
from tillstream.commands.result import DONE, FAILED, HELD, KEPT, QUARANTINED, Progress, Result
from tillstream.commands.run_batch import ME, code_of, drive
from tillstream.domain.batch import State, Upload
from tillstream.domain.errors import Rejected, Unavailable
from tillstream.domain.people import EVERYTHING
from tillstream.pipeline.publishing.daily_totals import project
from tillstream.pipeline.publishing.sale_events import announce as announce_settlement
from tillstream.pipeline.publishing.sale_events import unannounced
from tillstream.receipts import original_rows
from tillstream.receipts import receipt as receipt_receipt
from tillstream.workflows.corrections import submit
from tillstream.workflows.intake import uploads
from tillstream.workflows.operations import maintenance_log, queue_depths, rebuild
from tillstream.workflows.review import dry_run

if TYPE_CHECKING:
    from tillstream.samples.files import SampleFile

SAMPLES = "samples"
"""Who brought the sample files, as the uploads name it."""
UNDER_WAY = frozenset({State.RECEIVED, State.STAGING, State.STAGED})
PATIENCE = 900.0


def ingest(app: App, progress: Progress, *, files: list[str], contract: str, dry: bool = False) -> Result:
    """Each file to its receipt; one bad file does not keep the others from going in."""
    receipts = []
    for file in files:
        receipts.append(_ingest(app, progress, Path(file), contract, dry=dry))
        progress("files")
    codes = [code_of(receipt) for receipt in receipts]
    code = next((code for code in (FAILED, HELD, QUARANTINED) if code in codes), DONE)
    return Result(receipts[0] if len(receipts) == 1 else receipts, code)


def _ingest(app: App, progress: Progress, path: Path, name: str, *, dry: bool = False, by: str = ME) -> dict[str, Any]:
    contract = app.book.used(name)
    try:
        with path.open("rb") as stream:
            if dry:
                return dry_run.dry_run(app.ports, app.book, contract, path.name, stream)
            upload = uploads.receive(app.ports, contract, path.name, stream, by, lambda size: progress("bytes", size))
    except OSError as error:
        return _failed(path.name, contract.name, f"{path} cannot be read: {error.strerror}.")
    except Rejected as error:
        return _failed(path.name, contract.name, str(error))
    return drive(app, upload, progress)


def _failed(file: str, contract: str, error: str) -> dict[str, Any]:
    return {"status": State.REJECTED.value, "file": file, "contract": contract, "error": error}


def receipts(app: App, progress: Progress, *, batch: str = "", limit: int = 50) -> Result:
    if batch:
        receipt = receipt_receipt.receipt(app.ports, batch)
        return Result(receipt, code_of(receipt))
    found = [upload for upload in records.find(app.ports, kind=None, limit=limit) if upload.kind != "correction"]
    return Result([receipt_receipt.receipt(app.ports, upload.batch_id) for upload in found])


def quarantine(app: App, progress: Progress, *, batch: str, out: str = "") -> Result:
    upload = records.get(app.ports, batch)
    if out:
        try:
            with Path(out).open("wb") as file:
                file.writelines(original_rows.refused_csv(app.ports, batch))
        except OSError as error:
            raise Rejected(f"{out} cannot be written: {error.strerror}.") from error
    rows = original_rows.with_raw(app.ports, upload, receipt_receipt.refused(app.ports, batch))
    return Result({"batch_id": batch, "file": upload.file, "rows": rows}, QUARANTINED if rows else DONE)


def fix_rows(app: App, progress: Progress, *, batch: str, file: str) -> Result:
    path = Path(file)
    with path.open("rb") as stream:
        correction = submit.fix(app.ports, batch, path.name, stream, ME)
    drive(app, correction, progress)
    state = records.get(app.ports, correction.batch_id)
    if state.state is State.REJECTED:
        raise Rejected(state.error)
    receipt = receipt_receipt.receipt(app.ports, batch)
    return Result(receipt, code_of(receipt))


def backup(app: App, progress: Progress, *, out: str) -> Result:
    if app.keep_copy is None:
        raise Rejected("Nothing can be backed up here.")
    kept = app.keep_copy(out, lambda size: progress("bytes", size))
    maintenance_log.note(app.ports, maintenance_log.BACKUP)
    return Result(kept)


def announce(app: App, progress: Progress) -> Result:
    told = {number: announce_settlement(app.ports, number) for number in unannounced(app.ports)}
    project(app.ports.warehouse)
    if told:
        after = {"settlements": sorted(told), "events": sum(told.values())}
        audit.record(app.ports, ME, audit.What.DATA_ANNOUNCED, "settlements", None, after)
    return Result({"settlements": len(told), "events": sum(told.values())})


def rebuild_check(app: App, progress: Progress, *, originals: bool = False) -> Result:
    run = rebuild.from_originals if originals else rebuild.check
    report = run(app.ports, app.fresh_warehouse, lambda step: progress("settlements", step))
    return Result(report, FAILED if report["differences"] else DONE)


def query(app: App, progress: Progress, *, name: str, params: Mapping[str, str]) -> Result:
    own = {parameter.name for parameter in queries.describe(name).parameters}
    filters = Filters.parse({key: value for key, value in params.items() if key not in own})
    filter_values.check(app.ports.warehouse, EVERYTHING, filters, app.book.regions(), cache=app.queries)
    asked = {key: value for key, value in params.items() if key in own}
    answer = queries.run(app.ports.warehouse, name, EVERYTHING, filters, cache=app.queries, **asked)
    return Result({"name": name, "columns": answer.column_names, "rows": answer.to_pylist()})


def status(app: App, progress: Progress) -> Result:
    ports = app.ports
    states = {state.value: ports.documents.count(records.COLLECTION, {"state": state.value}) for state in State}
    kpis = queries.run(ports.warehouse, "kpis", EVERYTHING, Filters()).to_pylist()[0]
    return Result(
        {
            "home": str(app.settings.home),
            "batches": {state: count for state, count in states.items() if count},
            "lines": kpis["lines"],
            "as_of": kpis["as_of"],
            "queues": [vars(depth) for depth in queue_depths.depths(ports)],
        }
    )


def contracts(app: App, progress: Progress, *, name: str = "") -> Result:
    if name:
        return Result(app.book.current(name).model_dump(mode="json"))
    known = [app.book.current(each) for each in app.book.names()]
    return Result(
        [
            {
                "name": c.name,
                "version": c.version,
                "region": c.region,
                "currency": c.currency,
                "description": c.description,
            }
            for c in known
        ]
    )


def fx_load(app: App, progress: Progress, *, file: str) -> Result:
    try:
        text = Path(file).read_text(encoding="utf-8-sig")
    except OSError as error:
        raise Rejected(f"{file} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise Rejected(f"{Path(file).name} is not a file of rates: it is not text in UTF-8.") from error
    rates = reference.load(app.ports, text, Path(file).name, app.settings.reporting_currency, ME)
    app.queries.clear()
    return Result({"rates": rates})


def demo(app: App, progress: Progress, *, scale: float = 1.0) -> Result:
    """Write the sample regions' files and load them like any others."""
    from tillstream.samples.files import write_samples  # nobody else needs what it knows

    until = app.ports.clock.now().date().replace(day=1) - timedelta(days=1)
    written = write_samples(app.settings.home / "samples", until=until, scale=scale)
    receipts = []
    for receipt in _by_the_worker(app, progress, written) if app.attended else _here(app, progress, written):
        receipts.append(receipt)
        progress("files", 1)
    codes = [code_of(receipt) for receipt in receipts]
    return Result(receipts, next((code for code in (FAILED, HELD) if code in codes), DONE))


def _here(app: App, progress: Progress, written: Iterator["tuple[SampleFile, Path]"]) -> Iterator[dict[str, Any]]:
    return (_ingest(app, progress, path, sample.contract, by=SAMPLES) for sample, path in written)


def _by_the_worker(
    app: App, progress: Progress, written: Iterator["tuple[SampleFile, Path]"]
) -> Iterator[dict[str, Any]]:
    """Receive the files; the worker hears of each and does the rest while the next one is written.

    A file that was received before, by a start that was stopped, is not received again.
    """
    received = []
    for sample, path in written:
        known = app.ports.documents.find(records.COLLECTION, {"file": path.name, "received_by": SAMPLES}, limit=1)
        if known:
            upload = Upload.from_json(known[0].data)
        else:
            with path.open("rb") as stream:
                upload = uploads.receive(app.ports, app.book.used(sample.contract), path.name, stream, SAMPLES)
        received.append(upload)
        progress(KEPT, about=f"{upload.batch_id} {upload.file}")
    for upload in received:
        _wait(app, upload)
        receipt = receipt_receipt.receipt(app.ports, upload.batch_id)
        progress("rows", receipt["rows"]["read"])
        yield receipt


def _wait(app: App, upload: Upload) -> None:
    """Until the worker is done with it. Raises `Unavailable` when that takes longer than any file does."""
    give_up_at = time.monotonic() + PATIENCE
    while records.get(app.ports, upload.batch_id).state in UNDER_WAY:
        if time.monotonic() > give_up_at:
            raise Unavailable(f"{upload.file} is kept and waits for the worker; the pipeline page says why.")
        time.sleep(0.05)


@dataclass(frozen=True)
class Elsewhere:
    """A command of another module, which is loaded when somebody runs it: no file waits for what accounts need."""

    module: str
    function: str

    def __call__(self, app: App, progress: Progress, **given: Any) -> Result:
        command: Callable[..., Result] = getattr(import_module(self.module), self.function)
        return command(app, progress, **given)


DECIDE, DETECT, AUDIT, TOKENS, USERS = (
    f"tillstream.commands_{name}" for name in ("decide", "detect", "audit", "tokens", "users")
)
COMMANDS: dict[str, Callable[..., Result]] = {
    "ingest": ingest,
    "receipts": receipts,
    "quarantine": quarantine,
    "fix": fix_rows,
    "replay": Elsewhere(DECIDE, "replay_batch"),
    "confirm": Elsewhere(DECIDE, "confirm"),
    "replay-preview": Elsewhere(DECIDE, "replay_previewed"),
    "accept": Elsewhere(DECIDE, "accept"),
    "reject": Elsewhere(DECIDE, "reject"),
    "undo-preview": Elsewhere(DECIDE, "undo_preview"),
    "undo": Elsewhere(DECIDE, "undo_batch"),
    "backup": backup,
    "announce": announce,
    "sweep": Elsewhere(DECIDE, "sweep_now"),
    "rebuild": rebuild_check,
    "query": query,
    "status": status,
    "contracts": contracts,
    "contracts-save": Elsewhere(DETECT, "save_contract"),
    "fx-load": fx_load,
    "demo": demo,
    "audit": Elsewhere(AUDIT, "audit"),
    "tokens": Elsewhere(TOKENS, "tokens"),
    "tokens-make": Elsewhere(TOKENS, "make"),
    "tokens-revoke": Elsewhere(TOKENS, "revoke"),
    "users": Elsewhere(USERS, "users"),
    "users-add": Elsewhere(USERS, "add"),
    "users-disable": Elsewhere(USERS, "disable"),
    "users-enable": Elsewhere(USERS, "enable"),
    "users-reset": Elsewhere(USERS, "reset"),
    "users-set": Elsewhere(USERS, "assign"),
    "users-show": Elsewhere(USERS, "show"),
    "users-invite": Elsewhere(USERS, "invite"),
    "users-link": Elsewhere(USERS, "link"),
    "users-second-step-off": Elsewhere(USERS, "second_step_off"),
    "users-require-second-step": Elsewhere(USERS, "require_second_step"),
    "users-sessions": Elsewhere(USERS, "open_sessions"),
    "users-end-sessions": Elsewhere(USERS, "end_sessions"),
}
