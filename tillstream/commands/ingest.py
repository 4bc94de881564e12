"""Ingest files: read and settle each one and return its receipt."""

from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tillstream.app import App
from tillstream.batches import loads
from tillstream.commands.result import Progress, Result
from tillstream.commands.run_batch import COMMAND_LINE, exit_code_of_all, run_batch
from tillstream.domain.batch.record import State
from tillstream.domain.errors import Rejected
from tillstream.workflows.intake import uploads
from tillstream.workflows.review import dry_run


@dataclass(frozen=True, kw_only=True)
class Ingest:
    """files: their paths. contract: its name. dry: store nothing."""

    files: Sequence[str]
    contract: str
    dry: bool = False


def ingest(app: App, progress: Progress, arguments: Ingest) -> Result:
    """Ingest each file and return its receipt; a failed file does not stop the others."""
    receipts = []
    is_set = len(arguments.files) > 1 and not arguments.dry
    with loads.loading(app.ports, "ingest") if is_set else nullcontext():
        for file in arguments.files:
            receipts.append(ingest_file(app, progress, Path(file), arguments.contract, dry=arguments.dry))
            progress("files")
    return Result(receipts[0] if len(receipts) == 1 else receipts, exit_code_of_all(receipts))


def ingest_file(
    app: App, progress: Progress, path: Path, name: str, *, dry: bool = False, by: str = COMMAND_LINE
) -> Mapping[str, Any]:
    contract = app.contracts.pin(name)
    try:
        with path.open("rb") as stream:
            if dry:
                return dry_run.dry_run(app.ports, app.contracts, contract, path.name, stream)
            upload = uploads.receive(app.ports, contract, path.name, stream, by, lambda size: progress("bytes", size))
    except OSError as error:
        return _failed(path.name, contract.name, f"{path} cannot be read: {error.strerror}.")
    except Rejected as error:
        return _failed(path.name, contract.name, str(error))
    return run_batch(app, upload, progress)


def _failed(file: str, contract: str, error: str) -> dict[str, Any]:
    return {"status": State.REJECTED.value, "file": file, "contract": contract, "error": error}
