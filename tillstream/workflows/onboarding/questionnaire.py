"""What a file that no contract knows is asked about, and the contract that the answers make of it."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import BinaryIO

from tillstream.detection import Fit, Looked, Proposal, fit, look, propose
from tillstream.detection.answers import check
from tillstream.detection.evidence import Finding, Question, Told
from tillstream.detection.text.first_bytes import LOOKED_AT
from tillstream.domain.contract.model import Contract, parse
from tillstream.domain.errors import Rejected
from tillstream.pipeline.matching.match_contract import inside_of
from tillstream.pipeline.matching.readability import reads
from tillstream.workflows.onboarding.sale_id_prefix import prefixed

Open = Callable[[], BinaryIO]
OPEN_CURRENCY, OPEN_REGION = "XXX", "?"
"""Stand where nobody has answered yet."""


@dataclass(frozen=True)
class Asked:
    """What was found out about a file, and what is still open."""

    looked: Looked
    findings: tuple[Finding, ...]
    questions: tuple[Question, ...]
    draft: dict[str, object]
    """The contract as far as it is known, as plain data."""
    contract: Contract | None
    """Once no question is open."""
    so_far: Contract | None = None
    """As long as questions are open: what reads the rows as far as they are understood."""


def sample(open_original: Open, told: Told | None = None) -> Looked:
    """The rows that are looked at; told: collects how bytes become cells, and knows answers about that.

    Raises `Rejected`, also for a file without a row.
    """
    with open_original() as stream:
        head = stream.read(LOOKED_AT)
        stream.seek(0)
        inside = inside_of(head, open_original)
        looked = inside if isinstance(inside, Looked) else look(inside or stream, told)
    if not looked.sheet.rows:
        raise Rejected("There are no rows to look at: a contract is proposed from rows.")
    return looked


def ask(open_original: Open, name: str, answers: Mapping[str, str], known: Iterable[Contract]) -> Asked:
    """name: of the contract to be. Raises `Rejected` for a file or for answers that nothing can be made of."""
    check(answers)
    told = Told(dict(answers))
    looked = sample(open_original, told)
    found = propose(name=name, answers=answers, looked=looked)
    findings, questions = (*told.findings, *found.findings), (*told.questions, *found.questions)
    if questions:
        return Asked(looked, findings, questions, found.contract, None, _so_far(found))
    contract, apart = prefixed(_parsed(found), known)
    return Asked(looked, (*findings, *([apart] if apart else [])), (), found.contract, contract)


def all_questions(
    open_original: Open, name: str, answers: Mapping[str, str], asked: Asked
) -> list[tuple[Question, str | None]]:
    """The open questions and those that were answered, each with its answer: a person may change their mind."""
    first = ask(open_original, name, {}, ()) if answers else asked
    found = {one.key: one for one in (*first.questions, *asked.questions)}
    for key in answers:
        if key not in found:
            others = {other: said for other, said in answers.items() if other != key}
            found |= {one.key: one for one in ask(open_original, name, others, ()).questions if one.key == key}
    still = {one.key for one in asked.questions}
    return [(one, answers.get(key)) for key, one in found.items() if key in answers or key in still]


def _so_far(found: Proposal) -> Contract | None:
    try:
        return parse({"currency": OPEN_CURRENCY} | found.contract)
    except Rejected:
        return None


def _parsed(found: Proposal) -> Contract:
    return parse(found.contract, "The proposed contract")


def fits(looked: Looked, known: Iterable[Contract]) -> list[Fit]:
    """How each known contract fits the file, the best first."""
    return fit(looked, known, reader=reads)


def likely(looked: Looked, found: Iterable[Fit]) -> Contract | None:
    """The only contract that fits without a doubt; where none does, the only one whose columns are all there."""
    sure = [one.contract for one in found if one.fits and not one.doubts]
    if not sure:
        sure = [one.contract for one in found if set(one.contract.headers) <= looked.sheet.columns.keys()]
    return sure[0] if len(sure) == 1 else None
