"""Write and load the sample regions."""

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tillstream.app import App
from tillstream.batches import records
from tillstream.commands.ingest import ingest_file
from tillstream.commands.result import DONE, FAILED, HELD, KEPT, Progress, Result
from tillstream.commands.run_batch import exit_code
from tillstream.domain.batch.record import Batch, State
from tillstream.domain.errors import Unavailable
from tillstream.receipts import receipt as receipt_receipt
from tillstream.workflows.intake import uploads

if TYPE_CHECKING:
    from tillstream.samples.files import SampleFile


SAMPLES = "samples"
"""`received_by` of the sample files."""


UNDER_WAY = frozenset({State.RECEIVED, State.STAGING, State.STAGED})


PATIENCE = 900.0


@dataclass(frozen=True, kw_only=True)
class Demo:
    """scale: 1 is about 200,000 lines."""

    scale: float = 1.0


def demo(app: App, progress: Progress, arguments: Demo) -> Result:
    """Write the sample regions' files and load them like any others."""
    from tillstream.samples.files import write_samples  # lazy: needed by this command only

    until = app.ports.clock.now().date().replace(day=1) - timedelta(days=1)
    written = write_samples(app.settings.home / "samples", until=until, scale=arguments.scale)
    receipts = []
    for receipt in _load_by_worker(app, progress, written) if app.has_worker else _load_here(app, progress, written):
        receipts.append(receipt)
        progress("files", 1)
    codes = [exit_code(receipt) for receipt in receipts]
    return Result(receipts, next((code for code in (FAILED, HELD) if code in codes), DONE))


def _load_here(
    app: App, progress: Progress, written: Iterator["tuple[SampleFile, Path]"]
) -> Iterator[Mapping[str, Any]]:
    return (ingest_file(app, progress, path, sample.contract, by=SAMPLES) for sample, path in written)


def _load_by_worker(
    app: App, progress: Progress, written: Iterator["tuple[SampleFile, Path]"]
) -> Iterator[Mapping[str, Any]]:
    """Receive the files; the worker stages and settles each one while the next is written.

    Files received by an earlier, interrupted start are not received again.
    """
    received = []
    for sample, path in written:
        documents = app.ports.documents.find(records.COLLECTION, {"file": path.name, "received_by": SAMPLES}, limit=1)
        if documents:
            upload = Batch.from_json(documents[0].data)
        else:
            with path.open("rb") as stream:
                upload = uploads.receive(app.ports, app.contracts.pin(sample.contract), path.name, stream, SAMPLES)
        received.append(upload)
        progress(KEPT, about=f"{upload.batch_id} {upload.file}")
    for upload in received:
        _wait(app, upload)
        receipt = receipt_receipt.receipt(app.ports, upload.batch_id)
        progress("rows", receipt["rows"]["read"])
        yield receipt


def _wait(app: App, upload: Batch) -> None:
    """Wait until the worker has processed the upload. Raises `Unavailable` after `PATIENCE` seconds."""
    give_up_at = time.monotonic() + PATIENCE
    while records.get(app.ports, upload.batch_id).state in UNDER_WAY:
        if time.monotonic() > give_up_at:
            raise Unavailable(
                f"{upload.file} is stored but not processed yet. See the pipeline page in the portal for the cause."
            )
        time.sleep(0.05)
