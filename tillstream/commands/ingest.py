"""Ingest files: read and settle each one and return its receipt."""

import shlex
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tillstream.app import App
from tillstream.commands.result import COMMAND_LINE, Progress, Result
from tillstream.commands.run_batch import exit_code_of_all, run_batch
from tillstream.intake import inbox
from tillstream.model.batch import BatchState
from tillstream.model.errors import NotFound, Rejected
from tillstream.records import sales_loads
from tillstream.review import settlement_previews


@dataclass(frozen=True, kw_only=True)
class Ingest:
    """files: their paths. contract: its name; without a known one, those that can read the first file are offered.
    dry: store nothing."""

    files: Sequence[str]
    contract: str = ""
    dry: bool = False


def ingest(app: App, progress: Progress, arguments: Ingest) -> Result:
    """Ingest each file and return its receipt; a failed file does not stop the others. Raises `NotFound`."""
    _check_contract(app, arguments)
    receipts = []
    is_set = len(arguments.files) > 1 and not arguments.dry
    with sales_loads.loading(app.ports, "ingest") if is_set else nullcontext():
        for file in arguments.files:
            receipts.append(ingest_file(app, progress, Path(file), arguments.contract, dry=arguments.dry))
            progress("files")
    return Result(receipts[0] if len(receipts) == 1 else receipts, exit_code_of_all(receipts))


def _check_contract(app: App, arguments: Ingest) -> None:
    try:
        app.contracts.current(arguments.contract)
    except NotFound as error:
        words = str(error) if arguments.contract else "Name the contract of the files with `--region`."
        offers = [_offer(app, Path(file)) for file in arguments.files[:1]]
        raise NotFound(" ".join([words, *offers]).strip()) from None


def _offer(app: App, path: Path) -> str:
    """The contracts that can read a file, by its content, and the command that imports it.

    Empty if the file cannot be read.
    """
    from tillstream.pipeline.matching.match_contract import read_sample  # heavy, only needed here
    from tillstream.review import contract_choice

    try:
        file_sample = read_sample(lambda: path.open("rb"))
    except (OSError, Rejected):
        return ""
    choice = contract_choice.contract_candidates(
        file_sample, contract_choice.rank_contracts(file_sample, app.contracts.all().values()), path.name
    )
    names = [one.contract.name for one in choice.candidates]
    file = shlex.quote(str(path))
    if not names:
        return f"None can read {path.name}. To set one up, run `tillstream detect {file} --save NAME`."
    others = "" if len(names) == 1 else ", or with another of these"
    command = f"tillstream ingest {file} --region {shlex.quote(choice.likely or names[0])}"
    return f"{path.name} can be read with {', '.join(names)}. Run `{command}`{others}."


def ingest_file(
    app: App, progress: Progress, path: Path, name: str, *, dry: bool = False, by: str = COMMAND_LINE
) -> Mapping[str, Any]:
    contract = app.contracts.pin(name)
    try:
        with path.open("rb") as stream:
            if dry:
                return settlement_previews.dry_run_file(app.ports, app.contracts, contract, path.name, stream)
            upload = inbox.receive_file(
                app.ports, contract, path.name, stream, by, lambda size: progress("bytes", size)
            )
    except OSError as error:
        return _failed(path.name, contract.name, f"{path} cannot be read: {error.strerror}.")
    except Rejected as error:
        return _failed(path.name, contract.name, str(error))
    return run_batch(app, upload, progress)


def _failed(file: str, contract: str, error: str) -> dict[str, Any]:
    return {"status": BatchState.REJECTED.value, "file": file, "contract": contract, "error": error}
