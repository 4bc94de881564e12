"""Questions about a file that no contract matches, and the contract that results from the answers."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, BinaryIO

from tillstream.detection import FileSample, Proposal, propose, sales_sheets
from tillstream.detection.answers import check_answers
from tillstream.detection.columns.column_uses import ColumnUse
from tillstream.detection.evidence import DetectionFinding, DetectionLog, DetectionQuestion
from tillstream.model.contract import Contract, parse_contract
from tillstream.model.errors import Rejected
from tillstream.pipeline.matching.match_contract import read_sample
from tillstream.workflows.onboarding.delivered_lines import Delivered
from tillstream.workflows.onboarding.sale_identity import decide_identity

Open = Callable[[], BinaryIO]
OPEN_CURRENCY, OPEN_REGION = "XXX", "?"
"""Placeholders for unanswered questions."""
MAPPED = "mapped"
"""Represents the answers of a question with several words."""


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

    def to_dict(self) -> dict[str, Any]:
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


def sample(open_original: Open, log: DetectionLog | None = None) -> FileSample:
    """Sample the rows of a file. log: collects decisions on encoding and delimiter, and supplies answers to them.

    Raises `Rejected`, also for a file without rows.
    """
    file_sample = read_sample(open_original, log)
    sales_sheets.check_rows(file_sample.sheet)
    return file_sample


def build_questionnaire(
    open_original: Open,
    name: str,
    answers: Mapping[str, str],
    contracts: Iterable[Contract],
    delivered: Delivered | None = None,
) -> Questionnaire:
    """Derive a contract named `name`, or questions. Raises `Rejected` for unusable files or invalid answers.

    delivered: looks up sales that the file may repeat; without it they are not compared.
    """
    check_answers(answers)
    log = DetectionLog(dict(answers))
    return of_sample(sample(open_original, log), log, name, contracts, delivered)


def of_sample(
    file_sample: FileSample,
    log: DetectionLog,
    name: str,
    contracts: Iterable[Contract],
    delivered: Delivered | None = None,
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
        return Questionnaire(file_sample, findings, questions, draft, None, _so_far(proposal), columns)
    decision = decide_identity(_parsed(proposal), file_sample.sheet, contracts, answers, delivered)
    findings = (*findings, *decision.findings)
    contract, so_far = (None, decision.contract) if decision.questions else (decision.contract, None)
    draft = as_draft(decision.contract)
    return Questionnaire(file_sample, findings, decision.questions, draft, contract, so_far, proposal.columns)


def as_draft(contract: Contract) -> dict[str, object]:
    """A contract as plain data, without what is as usual."""
    fields = contract.model_dump(mode="json", exclude_defaults=True)
    return {"name": contract.name, "version": contract.version} | fields


def all_questions(
    open_original: Open,
    name: str,
    answers: Mapping[str, str],
    questionnaire: Questionnaire,
    contracts: Iterable[Contract] = (),
    delivered: Delivered | None = None,
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
    return [(questionnaire.status_question, MAPPED)] if questionnaire.status_question else []


def _so_far(proposal: Proposal) -> Contract | None:
    try:
        return parse_contract({"currency": OPEN_CURRENCY} | proposal.contract)
    except Rejected:
        return None


def _parsed(proposal: Proposal) -> Contract:
    return parse_contract(proposal.contract, "The proposed contract")
