"""Questions about a file that no contract matches, and the contract that results from the answers."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import BinaryIO

from tillstream.detection import FileSample, Fit, Proposal, fit, propose, sample_file
from tillstream.detection.answers import check
from tillstream.detection.evidence import DetectionLog, Finding, Question
from tillstream.detection.text.first_bytes import HEAD_BYTES
from tillstream.domain.contract.model import Contract, parse
from tillstream.domain.errors import Rejected
from tillstream.pipeline.matching.match_contract import typed_rows_or_text
from tillstream.pipeline.matching.readability import can_parse
from tillstream.workflows.onboarding.sale_id_prefix import prefixed

Open = Callable[[], BinaryIO]
OPEN_CURRENCY, OPEN_REGION = "XXX", "?"
"""Placeholders for unanswered questions."""


@dataclass(frozen=True)
class Questionnaire:
    """Findings about a file and the open questions."""

    sample: FileSample
    findings: tuple[Finding, ...]
    questions: tuple[Question, ...]
    draft: dict[str, object]
    """The contract so far, as plain data."""
    contract: Contract | None
    """Set once no question is open."""
    so_far: Contract | None = None
    """While questions are open: a partial contract that reads what is known so far."""


def sample(open_original: Open, log: DetectionLog | None = None) -> FileSample:
    """Sample the rows of a file. log: collects decisions on encoding and delimiter, and supplies answers to them.

    Raises `Rejected`, also for a file without rows.
    """
    with open_original() as stream:
        head = stream.read(HEAD_BYTES)
        stream.seek(0)
        content = typed_rows_or_text(head, open_original)
        file_sample = content if isinstance(content, FileSample) else sample_file(content or stream, log)
    if not file_sample.sheet.rows:
        raise Rejected("The file has no rows. A contract can only be proposed for a file with rows.")
    return file_sample


def build_questionnaire(
    open_original: Open, name: str, answers: Mapping[str, str], contracts: Iterable[Contract]
) -> Questionnaire:
    """Derive a contract named `name`, or questions. Raises `Rejected` for unusable files or invalid answers."""
    check(answers)
    log = DetectionLog(dict(answers))
    file_sample = sample(open_original, log)
    proposal = propose(name=name, answers=answers, sample=file_sample)
    findings, questions = (*log.findings, *proposal.findings), (*log.questions, *proposal.questions)
    if questions:
        return Questionnaire(file_sample, findings, questions, proposal.contract, None, _so_far(proposal))
    contract, prefix_finding = prefixed(_parsed(proposal), contracts)
    return Questionnaire(
        file_sample, (*findings, *([prefix_finding] if prefix_finding else [])), (), proposal.contract, contract
    )


def all_questions(
    open_original: Open, name: str, answers: Mapping[str, str], questionnaire: Questionnaire
) -> list[tuple[Question, str | None]]:
    """Return open and answered questions, each with its answer or None, so that answers can be changed."""
    first = build_questionnaire(open_original, name, {}, ()) if answers else questionnaire
    questions_by_key = {one.key: one for one in (*first.questions, *questionnaire.questions)}
    for key in answers:
        if key not in questions_by_key:
            others = {other: answer for other, answer in answers.items() if other != key}
            questions_by_key |= {
                one.key: one for one in build_questionnaire(open_original, name, others, ()).questions if one.key == key
            }
    open_keys = {one.key for one in questionnaire.questions}
    return [(one, answers.get(key)) for key, one in questions_by_key.items() if key in answers or key in open_keys]


def _so_far(proposal: Proposal) -> Contract | None:
    try:
        return parse({"currency": OPEN_CURRENCY} | proposal.contract)
    except Rejected:
        return None


def _parsed(proposal: Proposal) -> Contract:
    return parse(proposal.contract, "The proposed contract")


def fits(file_sample: FileSample, contracts: Iterable[Contract]) -> list[Fit]:
    """Return how well each contract matches the file, best match first."""
    return fit(file_sample, contracts, reader=can_parse)


def best_match(file_sample: FileSample, candidates: Iterable[Fit]) -> Contract | None:
    """Return the only certain match, else the only contract whose columns are all present, else None."""
    matches = [candidate.contract for candidate in candidates if candidate.fits and not candidate.doubts]
    if not matches:
        matches = [
            candidate.contract
            for candidate in candidates
            if set(candidate.contract.headers) <= file_sample.sheet.columns.keys()
        ]
    return matches[0] if len(matches) == 1 else None
