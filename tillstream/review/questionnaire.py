"""Questions about a new or held file, and the contract, or its next version, that the answers result in."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import BinaryIO

from tillstream.contracts import registry
from tillstream.contracts.registry import contract_version
from tillstream.detection import FileSample, Proposal, drift, propose, sales_sheets
from tillstream.detection.answers import check_answers
from tillstream.detection.columns.column_uses import ColumnUse
from tillstream.detection.evidence import DetectionFinding, DetectionLog, DetectionQuestion
from tillstream.model.batch import Batch
from tillstream.model.contract import Contract, parse_contract
from tillstream.model.document_json import JsonObject
from tillstream.model.errors import Rejected
from tillstream.model.text import upper_first
from tillstream.pipeline.matching.match_contract import read_sample
from tillstream.pipeline.matching.readability import can_parse_cells
from tillstream.ports import Ports
from tillstream.records import batch_originals
from tillstream.review.sale_identity import decide_sale_identity
from tillstream.review.sale_overlap import LineLookup

FileOpener = Callable[[], BinaryIO]
OPEN_CURRENCY, OPEN_REGION = "XXX", "?"
"""Placeholders for unanswered questions."""
MAPPED_ANSWER = "mapped"
"""Represents the answers of a question with several words."""

ANSWERS_COLLECTION = "answers"


@dataclass(frozen=True)
class Questionnaire:
    """Findings about a file and the open questions."""

    sample: FileSample
    findings: tuple[DetectionFinding, ...]
    questions: tuple[DetectionQuestion, ...]
    draft: dict[str, object]
    """The contract so far, as plain data."""
    contract: Contract | None
    """Set once no question is open."""
    so_far: Contract | None = None
    """While questions are open: a partial contract that reads what is known so far."""
    columns: tuple[ColumnUse, ...] = ()
    """Every column of the file and its use."""

    def to_dict(self) -> JsonObject:
        """As JSON; `sure` is the lowest confidence of a finding, and 0 while a question is open."""
        return {
            "contract": self.draft,
            "sure": 0.0 if self.questions else min((one.confidence for one in self.findings), default=0.0),
            "findings": [one.to_dict() for one in self.findings],
            "questions": [one.to_dict() for one in self.questions],
            "columns": [one.to_dict() for one in self.columns],
            "rows_read": self.sample.sheet.rows,
            "bytes_read": self.sample.read,
        }

    @property
    def status_question(self) -> DetectionQuestion | None:
        """The question `status` with the words of the column, also if none is open, so that they can be changed."""
        uses = next((column for column in self.columns if column.words), None)
        if uses is None:
            return None
        words = f"What does each word of {uses.name} mean for the sale?"
        return DetectionQuestion("status", words, uses.words[0].choices, "all its words are known", table=uses.words)


def sample_file(open_original: FileOpener, log: DetectionLog | None = None) -> FileSample:
    """Sample the rows of a file. log: collects decisions on encoding and delimiter, and supplies answers to them.

    Raises `Rejected`, also for a file without rows.
    """
    file_sample = read_sample(open_original, log)
    sales_sheets.check_rows(file_sample.sheet)
    return file_sample


def build_questionnaire(
    open_original: FileOpener,
    name: str,
    answers: Mapping[str, str],
    contracts: Iterable[Contract],
    delivered: LineLookup | None = None,
) -> Questionnaire:
    """Derive a contract named `name`, or questions. Raises `Rejected` for unusable files or invalid answers.

    delivered: looks up sales that the file may repeat; without it they are not compared.
    """
    check_answers(answers)
    log = DetectionLog(dict(answers))
    return questionnaire_of_sample(sample_file(open_original, log), log, name, contracts, delivered)


def questionnaire_of_sample(
    file_sample: FileSample,
    log: DetectionLog,
    name: str,
    contracts: Iterable[Contract],
    delivered: LineLookup | None = None,
    file: str = "",
) -> Questionnaire:
    """As `build_questionnaire`, for a sample and its log. file: name of the file, if it is not `name`."""
    answers = dict(log.answers)
    sales_sheets.check_columns(file_sample.sheet)
    proposal = propose(name=name, file=file, answers=answers, sample=file_sample)
    sales_sheets.check_totals(file_sample.sheet, proposal.contract.get("columns", {}))
    findings, questions = (*log.findings, *proposal.findings), (*log.questions, *proposal.questions)
    if questions:
        draft, columns = proposal.contract, proposal.columns
        return Questionnaire(file_sample, findings, questions, draft, None, _contract_so_far(proposal), columns)
    decision = decide_sale_identity(_parse_proposal(proposal), file_sample.sheet, contracts, answers, delivered)
    findings = (*findings, *decision.findings)
    contract, so_far = (None, decision.contract) if decision.questions else (decision.contract, None)
    draft = draft_fields(decision.contract)
    return Questionnaire(file_sample, findings, decision.questions, draft, contract, so_far, proposal.columns)


def draft_fields(contract: Contract) -> dict[str, object]:
    """A contract as plain data, without what is as usual."""
    fields = contract.model_dump(mode="json", exclude_defaults=True)
    return {"name": contract.name, "version": contract.version} | fields


def all_questions(
    open_original: FileOpener,
    name: str,
    answers: Mapping[str, str],
    questionnaire: Questionnaire,
    contracts: Iterable[Contract] = (),
    delivered: LineLookup | None = None,
) -> list[tuple[DetectionQuestion, str | None]]:
    """Return open and answered questions, each with its answer or None, so that answers can be changed.

    contracts, delivered: as for `build_questionnaire`.
    """
    contracts = tuple(contracts)
    first = build_questionnaire(open_original, name, {}, ()) if answers else questionnaire
    questions_by_key = {one.key: one for one in (*first.questions, *questionnaire.questions)}
    for key in answers:
        if key not in questions_by_key and not key.startswith("status."):
            others = {other: answer for other, answer in answers.items() if other != key}
            without = build_questionnaire(open_original, name, others, contracts, delivered)
            questions_by_key |= {one.key: one for one in without.questions if one.key == key}
    open_keys = {one.key for one in questionnaire.questions}
    questions_by_key.pop("status", None)
    pairs = [(one, answers.get(key)) for key, one in questions_by_key.items() if key in answers or key in open_keys]
    return [*pairs, *_status_pairs(questionnaire)]


def _status_pairs(questionnaire: Questionnaire) -> list[tuple[DetectionQuestion, str | None]]:
    """Return the question about the status words, open or not."""
    question = next((one for one in questionnaire.questions if one.key == "status"), None)
    if question:
        return [(question, None)]
    return [(questionnaire.status_question, MAPPED_ANSWER)] if questionnaire.status_question else []


def _contract_so_far(proposal: Proposal) -> Contract | None:
    try:
        return parse_contract({"currency": OPEN_CURRENCY} | proposal.contract)
    except Rejected:
        return None


def _parse_proposal(proposal: Proposal) -> Contract:
    return parse_contract(proposal.contract, "The proposed contract")


def opener_of_original(ports: Ports, upload: Batch) -> FileOpener:
    return partial(batch_originals.open_whole_original, ports, upload)


def stored_answers(ports: Ports, batch: str) -> dict[str, str]:
    """Return the stored answers for a batch."""
    document = ports.documents.get(ANSWERS_COLLECTION, batch)
    return dict(document.data["answers"]) if document else {}


def store_answers(ports: Ports, batch: str, answers_by_key: Mapping[str, str], by: str) -> None:
    """Store answers for a batch. Raises `Rejected` for an invalid answer."""
    check_answers(answers_by_key)
    ports.documents.put(
        ANSWERS_COLLECTION, batch, {"answers": dict(answers_by_key), "by": by, "at": ports.clock.now().isoformat()}
    )


def held_questionnaire(
    ports: Ports,
    contracts: Iterable[Contract],
    upload: Batch,
    name: str,
    answers_by_key: Mapping[str, str],
    delivered: LineLookup,
) -> tuple[Questionnaire, list[str]]:
    """Return the questionnaire, and descriptions of how the file differs from its contract.

    contracts, delivered: those that the caller may see; as for `questionnaire.build_questionnaire`.
    Raises `Rejected` if the file cannot be sampled.
    """
    if not upload.contract:
        return build_questionnaire(
            opener_of_original(ports, upload),
            name,
            answers_by_key,
            contracts,
            delivered,
        ), []
    current = contract_version(ports.documents, upload.contract, upload.contract_version)
    file_sample = read_sample(opener_of_original(ports, upload), sheet=current.file.sheet)
    contract_drift = drift(
        file_sample,
        current,
        header=registry.earlier_headers(ports, current),
        answers=answers_by_key,
        reader=can_parse_cells,
        unknown_words=upload.staged.unknown_words if upload.staged else (),
    )
    differences = [upper_first(difference.words) for difference in contract_drift.differences]
    draft: dict[str, object] = {"columns": dict(current.columns)}
    return Questionnaire(file_sample, (), contract_drift.questions, draft, contract_drift.proposed), differences


def all_held_questions(
    ports: Ports,
    contracts: Iterable[Contract],
    upload: Batch,
    name: str,
    answers_by_key: Mapping[str, str],
    now: Questionnaire,
    delivered: LineLookup,
) -> list[tuple[DetectionQuestion, str | None]]:
    """Return open and answered questions, each with its answer or None."""
    if not upload.contract:
        return all_questions(
            opener_of_original(ports, upload),
            name,
            answers_by_key,
            now,
            contracts,
            delivered,
        )
    first = held_questionnaire(ports, contracts, upload, name, {}, delivered)[0] if answers_by_key else now
    questions_by_key = {one.key: one for one in (*first.questions, *now.questions)}
    open_keys = {one.key for one in now.questions}
    return [
        (
            _with_meanings(one, answers_by_key),
            MAPPED_ANSWER if one.table and key not in open_keys else answers_by_key.get(key),
        )
        for key, one in questions_by_key.items()
    ]


def _with_meanings(question: DetectionQuestion, answers_by_key: Mapping[str, str]) -> DetectionQuestion:
    """Return the question with the answers to its words, if it has any."""
    return replace(
        question, table=tuple(replace(use, meaning=answers_by_key.get(use.key, use.meaning)) for use in question.table)
    )
