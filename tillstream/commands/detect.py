"""Detect the contract of a file, and its figures once no question is open; needs no app."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tillstream.app import App
from tillstream.commands.result import COMMAND_LINE, DONE, HELD, Progress, Result
from tillstream.contracts import contract_files, registry
from tillstream.detection.answers import check_answers
from tillstream.detection.evidence import DetectionLog
from tillstream.model.contract import Contract, parse_contract
from tillstream.model.errors import Rejected
from tillstream.model.file_names import without_dates

Rows = Sequence[Mapping[str, Any]]
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,59}")


def detect(
    file: str, answers: Mapping[str, str], name: str, own: Path, search: Callable[..., Rows] | None = None
) -> Result:
    """Return the proposed contract with evidence and open questions. own: the company's folder of contracts.

    search: runs the command `delivered-lines`; without it, the file is not compared with the ledger.

    Once no question is open, the whole file is read for its figures by that contract. If that fails, the contract
    cannot be saved: with a `name`, it is `Rejected`.
    Raises `Rejected` for an unreadable file or an invalid answer.
    """
    from tillstream.review import contract_choice, questionnaire, sale_overlap  # lazy: loads the pipeline

    check_answers(answers)
    if name and not NAME.fullmatch(name):
        raise Rejected(f"{name!r} is not a valid contract name. Use at most 60 letters, digits, - and _.")
    path = Path(file)
    contracts = contract_files.shipped_contracts() | contract_files.load_contract_folder(own)
    delivered = sale_overlap.command_lookup(search) if search else None
    log = DetectionLog(dict(answers))
    try:
        file_sample = questionnaire.sample_file(lambda: path.open("rb"), log)
    except OSError as error:
        raise Rejected(f"{path} cannot be read: {error.strerror}.") from error
    stem = without_dates(path.name.partition(".")[0])
    onboarding = contract_choice.ask_for_contract(file_sample, log, contracts, path.name)
    source = onboarding.contract.name if onboarding and onboarding.contract else None
    if name and source and name != source:
        raise Rejected(f"{path.name} is a file of {source}. Save it as {source}, or answer source=new.")
    onboarding = onboarding or questionnaire.questionnaire_of_sample(
        file_sample, log, name or stem, contracts.values(), delivered, path.name
    )
    data = onboarding.to_dict() | {"file": path.name, "source": source, "first_load": None, "unreadable": None}
    if onboarding.contract:
        _add_figures(data, path, onboarding.contract, must_read=bool(name))
    return Result(data, HELD if onboarding.questions else DONE)


def _add_figures(data: dict[str, Any], path: Path, contract: Contract, *, must_read: bool) -> None:
    """Add the figures of the file, or why the contract cannot read it. must_read: that is an error."""
    try:
        data["first_load"] = _figures(path, contract)
    except Rejected as error:
        if must_read:
            raise
        data["unreadable"] = str(error)


def _figures(path: Path, contract: Contract) -> dict[str, object]:
    from tillstream.pipeline.staging.figures import read_figures  # heavy, only needed once no question is open

    received = contract.dates.latest_day(datetime.now(UTC))
    figures = read_figures(lambda: path.open("rb"), contract, received, file=path.name)
    return figures.to_dict() | {"sentences": list(figures.sentences())}


@dataclass(frozen=True, kw_only=True)
class DeliveredLines:
    """What is looked up: see `LineSearch`; days as 2026-12-31, amounts as 1.50."""

    region: str
    days: Sequence[str]
    sale_ids: Sequence[str]
    amounts: Sequence[str]


def delivered_lines(app: App, progress: Progress, arguments: DeliveredLines) -> Result:
    """Look up lines of a region by sale IDs and amounts, for `detect`."""
    from tillstream.review.sale_overlap import search_delivered_rows

    return Result(search_delivered_rows(app.ports.warehouse, **asdict(arguments)))


@dataclass(frozen=True, kw_only=True)
class SaveContract:
    """A contract as JSON."""

    contract: Mapping[str, object]


def save_contract(app: App, progress: Progress, arguments: SaveContract) -> Result:
    """Save a contract in the company's folder, as the next version if it changed, and confirm its figures."""
    contract = parse_contract(arguments.contract, "The proposed contract")
    is_current = app.contracts.all().get(contract.name) == contract
    saved = contract if is_current else app.contracts.save(contract, COMMAND_LINE)
    registry.confirm_contract(app.ports, saved.name, COMMAND_LINE)
    return Result({"name": saved.name, "version": saved.version})
