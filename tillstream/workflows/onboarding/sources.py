"""Which contract a file belongs to, if one or more fit it; one rule for `detect` and the portal."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from tillstream.detection import FileSample, Fit, drift, fit
from tillstream.detection.evidence import CERTAIN, DetectionLog, Finding, Question
from tillstream.domain.contract.model import Contract
from tillstream.domain.errors import Rejected
from tillstream.domain.file_names import contract_from_path
from tillstream.pipeline.matching.readability import can_parse
from tillstream.workflows.onboarding.questionnaire import Questionnaire, as_draft

KEY, NEW = "source", "new"
_READING = frozenset({"encoding", "delimiter", "sheet", "header"})
"""Questions about how a file is read. An answer to any other describes a new contract."""


@dataclass(frozen=True)
class Sources:
    """Contracts that may be the one of a file."""

    candidates: tuple[Fit, ...]
    """Best first."""
    likely: str = ""
    """Name of the best contract; empty if none or several fit equally well."""
    tie_break: str = ""
    """How the name of the file decided between contracts that fit equally well."""

    @property
    def question(self) -> Question:
        """Asks `source`."""
        reasons = [f"{one.contract.name}: {'; '.join((*one.reasons, *one.doubts))}" for one in self.candidates]
        evidence = ". ".join([*reasons, *([self.tie_break] if self.tie_break else [])])
        choices = (*(one.contract.name for one in self.candidates), NEW)
        return Question(KEY, "From which source is this file?", choices, evidence, default=self.likely)


def fits(file_sample: FileSample, contracts: Iterable[Contract]) -> list[Fit]:
    """Return how well each contract matches the file, best match first."""
    return fit(file_sample, contracts, reader=can_parse)


def sources_of(file_sample: FileSample, fits: Sequence[Fit], file: str) -> Sources:
    """Return the contracts that fit the file; if none does, those whose columns are all present.

    file: its name, which only decides between contracts that fit equally well.
    """
    certain = [one for one in fits if one.fits and not one.doubts]
    if not certain:
        same_header = tuple(one for one in fits if file_sample.sheet.columns.keys() >= {*one.contract.source_headers})
        return Sources(same_header, same_header[0].contract.name if len(same_header) == 1 else "")
    equal = [one.contract.name for one in certain if _quality(one) == _quality(certain[0])]
    if len(equal) == 1:
        return Sources(tuple(certain), equal[0])
    named = contract_from_path(file, equal)
    listed = f"{', '.join(equal[:-1])} and {equal[-1]}"
    tie_break = f"{listed} fit equally well, and the name of the file is that of {named}" if named else ""
    return Sources(tuple(certain), named or "", tie_break)


def describes_new(answers: Mapping[str, str]) -> bool:
    """Whether the answers describe a new contract."""
    return answers.get(KEY) == NEW or (KEY not in answers and not answers.keys() <= _READING)


def ask(
    file_sample: FileSample, log: DetectionLog, contracts: Mapping[str, Contract], file: str
) -> Questionnaire | None:
    """Ask `source` if contracts fit the file, or return the one that is chosen; None if the file needs a new contract.

    contracts: by name. Raises `Rejected` for a choice that does not exist or cannot read the file.
    """
    if describes_new(log.answers):
        return None
    if KEY in log.answers:
        return _of_source(file_sample, log, contracts, file)
    sources = sources_of(file_sample, fits(file_sample, contracts.values()), file)
    if not sources.candidates:
        return None
    return Questionnaire(file_sample, (), (sources.question,), {}, None)


def _of_source(
    file_sample: FileSample, log: DetectionLog, contracts: Mapping[str, Contract], file: str
) -> Questionnaire:
    """The chosen contract, or its next version if the file differs."""
    contract = contracts.get(log.answers[KEY])
    if contract is None:
        raise Rejected(f"There is no contract {log.answers[KEY]}. Existing contracts: {', '.join(sorted(contracts))}.")
    (own,) = fits(file_sample, [contract])
    changes = drift(file_sample, contract, answers=log.answers, reader=can_parse)
    questions = () if own.fits else changes.questions
    if not (own.fits or changes.proposed or questions):
        raise Rejected(f"{file} cannot be read with {contract.name}: {'; '.join(own.reasons)}.")
    findings = [Finding(KEY, contract.name, "; ".join((*own.reasons, *own.doubts)), CERTAIN)]
    findings += [Finding(one.kind, one.column or "file", one.words, CERTAIN, one.lines) for one in changes.differences]
    chosen = changes.proposed or contract
    return Questionnaire(file_sample, tuple(findings), questions, as_draft(chosen), None if questions else chosen)


def _quality(one: Fit) -> tuple[float, int]:
    return one.score, len(one.contract.columns)
