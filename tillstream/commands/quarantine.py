"""Receipts of batches, and export and correction of their rejected rows."""

from dataclasses import dataclass
from pathlib import Path

from tillstream.app import App
from tillstream.commands.result import COMMAND_LINE, DONE, QUARANTINED, Progress, Result
from tillstream.commands.run_batch import exit_code, run_batch
from tillstream.model.batch import BatchKind, BatchState
from tillstream.model.errors import Rejected
from tillstream.receipts import original_rows
from tillstream.receipts import receipt as receipt_receipt
from tillstream.records import batch_records
from tillstream.review import correction_submission


@dataclass(frozen=True, kw_only=True)
class Receipts:
    """batch: only this one; empty: the newest ones, at most `limit`."""

    batch: str = ""
    limit: int = 50


@dataclass(frozen=True, kw_only=True)
class Quarantine:
    """out: the path of a CSV file to write; empty: none."""

    batch: str
    out: str = ""


@dataclass(frozen=True, kw_only=True)
class FixRows:
    """file: the path of the corrected rows."""

    batch: str
    file: str


def receipts(app: App, progress: Progress, arguments: Receipts) -> Result:
    if arguments.batch:
        receipt = receipt_receipt.receipt(app.ports, arguments.batch)
        return Result(receipt, exit_code(receipt))
    newest = batch_records.find_batches(app.ports, kind=None, limit=arguments.limit)
    uploads = [upload for upload in newest if upload.kind is not BatchKind.CORRECTION]
    return Result([receipt_receipt.receipt(app.ports, upload.batch_id) for upload in uploads])


def quarantine(app: App, progress: Progress, arguments: Quarantine) -> Result:
    batch, out = arguments.batch, arguments.out
    upload = batch_records.get_batch(app.ports, batch)
    if out:
        try:
            with Path(out).open("wb") as file:
                file.writelines(original_rows.rejected_rows_csv(app.ports, batch))
        except OSError as error:
            raise Rejected(f"{out} cannot be written: {error.strerror}.") from error
    rows = original_rows.add_raw_text(app.ports, upload, receipt_receipt.rejected_rows(app.ports, batch))
    return Result({"batch_id": batch, "file": upload.file, "rows": rows}, QUARANTINED if rows else DONE)


def fix_rows(app: App, progress: Progress, arguments: FixRows) -> Result:
    batch, path = arguments.batch, Path(arguments.file)
    with path.open("rb") as stream:
        correction = correction_submission.submit_correction(app.ports, batch, path.name, stream, COMMAND_LINE)
    run_batch(app, correction, progress)
    current = batch_records.get_batch(app.ports, correction.batch_id)
    if current.state is BatchState.REJECTED:
        raise Rejected(current.error)
    receipt = receipt_receipt.receipt(app.ports, batch)
    return Result(receipt, exit_code(receipt))
