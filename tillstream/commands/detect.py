"""Detect the contract of a file, and its figures once no question is open; needs no app."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from tillstream.app import App
from tillstream.commands.result import DONE, HELD, Progress, Result
from tillstream.commands.run_batch import COMMAND_LINE
from tillstream.contracts import confirmations, loader
from tillstream.detection import FileSample, propose, sample_file
from tillstream.detection.answers import check
from tillstream.detection.evidence import DetectionLog, Finding, Question
from tillstream.detection.text.first_bytes import is_text
from tillstream.domain.contract.model import Contract, parse
from tillstream.domain.errors import Rejected
from tillstream.pipeline.reading.signatures import HEAD_BYTES, check_first_bytes
from tillstream.workflows.onboarding.sale_id_prefix import prefixed

if TYPE_CHECKING:
    from tillstream.workflows.onboarding.sale_identity import IdentityDecision

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
    check(answers)
    if name and not NAME.fullmatch(name):
        raise Rejected(f"{name!r} is not a valid contract name. Use at most 60 letters, digits, - and _.")
    path = Path(file)
    try:
        with path.open("rb") as stream:
            log = DetectionLog(dict(answers))
            file_sample = _sample_by_reader(path, stream, log) or sample_file(stream, log)
            stem = path.name.partition(".")[0]
            proposal = propose(name=name or stem, file=path.name, answers=answers, sample=file_sample)
            proposal = replace(
                proposal,
                findings=(*log.findings, *proposal.findings),
                questions=(*log.questions, *proposal.questions),
            )
    except OSError as error:
        raise Rejected(f"{path} cannot be read: {error.strerror}.") from error
    if not proposal.rows:
        raise Rejected(f"{path.name} has no rows. A contract can only be proposed for a file with rows.")
    data = proposal.to_dict() | {"file": path.name, "first_load": None, "unreadable": None}
    if not proposal.questions:
        contracts = loader.shipped() | loader.load_folder(own)
        proposed = parse(proposal.contract, "The proposed contract")
        contract, finding = prefixed(proposed, contracts.values())
        findings: tuple[Finding, ...] = (finding,) if finding else ()
        questions: tuple[Question, ...] = ()
        if search and any(one.region == proposed.region for one in contracts.values()):
            decision = _compare(proposed, file_sample, contracts.values(), answers, search)
            contract, findings, questions = decision.contract, decision.findings, decision.questions
        data["findings"] += [one.to_dict() for one in findings]
        data["questions"] += [question.to_dict() for question in questions]
        data["sure"] = 0.0 if questions else data["sure"]
        fields = contract.model_dump(mode="json", exclude_defaults=True)
        data["contract"] = {"name": contract.name, "version": 1} | fields
        if not questions:
            _add_figures(data, path, contract, must_read=bool(name))
    return Result(data, HELD if data["questions"] else DONE)


def _compare(
    proposed: Contract,
    file_sample: FileSample,
    contracts: Iterable[Contract],
    answers: Mapping[str, str],
    search: Callable[..., Rows],
) -> "IdentityDecision":
    """Compare the file with the ledger."""
    from tillstream.workflows.onboarding import delivered_lines, sale_identity  # lazy: loads the pipeline

    return sale_identity.decide_identity(
        proposed,
        file_sample.sheet,
        contracts,
        answers,
        lambda wanted: delivered_lines.from_rows(search(**delivered_lines.to_params(wanted))),
    )


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

    figures = read_figures(lambda: path.open("rb"), contract, datetime.now(UTC).date(), file=path.name)
    return figures.to_dict() | {"sentences": list(figures.sentences())}


def _sample_by_reader(path: Path, stream: BinaryIO, log: DetectionLog) -> FileSample | None:
    """Return a sample of a workbook, an archive, or the like; None for text. Readers are loaded on demand."""
    head = stream.read(HEAD_BYTES)
    stream.seek(0)
    check_first_bytes(head)
    if is_text(head):
        return None
    from tillstream.pipeline.matching.match_contract import sample_by_reader

    return sample_by_reader(head, lambda: path.open("rb"), log)


@dataclass(frozen=True, kw_only=True)
class DeliveredLines:
    """What is looked up: see `LineSearch`; days as 2026-12-31, amounts as 1.50."""

    region: str
    days: Sequence[str]
    sale_ids: Sequence[str]
    amounts: Sequence[str]


def delivered_lines(app: App, progress: Progress, arguments: DeliveredLines) -> Result:
    """Look up lines of a region by sale IDs and amounts, for `detect`."""
    from tillstream.workflows.onboarding.delivered_lines import search_rows

    return Result(search_rows(app.ports.warehouse, **asdict(arguments)))


@dataclass(frozen=True, kw_only=True)
class SaveContract:
    """A contract as JSON."""

    contract: Mapping[str, object]


def save_contract(app: App, progress: Progress, arguments: SaveContract) -> Result:
    """Save a contract in the company's folder, as the next version if the name exists, and confirm its figures."""
    saved = app.contracts.save(parse(arguments.contract, "The proposed contract"), COMMAND_LINE)
    confirmations.confirm(app.ports, saved.name, COMMAND_LINE)
    return Result({"name": saved.name, "version": saved.version})
