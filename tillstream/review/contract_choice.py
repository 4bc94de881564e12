"""Which contract a file belongs to, if one or more fit it: a rule for `detect`, the portal, and files without a person.

The content decides. The name of a file only breaks ties.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from tillstream.detection import ContractFit, FileSample, drift, fit
from tillstream.detection.evidence import CERTAIN, DetectionFinding, DetectionLog, DetectionQuestion
from tillstream.model.contract import Contract
from tillstream.model.countries import country_code
from tillstream.model.errors import Rejected
from tillstream.model.file_names import contract_from_name
from tillstream.model.text import list_names
from tillstream.pipeline.matching.readability import can_parse_cells
from tillstream.review.questionnaire import Questionnaire, draft_fields

SOURCE_QUESTION, NEW_SOURCE = "source", "new"
_READING_QUESTIONS = frozenset({"encoding", "delimiter", "sheet", "header"})
"""Questions about how a file is read. An answer to any other describes a new contract."""
MIN_SHARED_COLUMNS = 0.5
"""Share of the columns of a source that a file of it has after a change of the source."""


@dataclass(frozen=True)
class ContractCandidates:
    """Contracts that may be the one of a file."""

    candidates: tuple[ContractFit, ...]
    """Best first."""
    likely: str = ""
    """Name of the best contract; empty if none or several fit equally well."""
    tie_break: str = ""
    """What decided between contracts that fit equally well: the country of the sales, or the name of the file."""

    @property
    def others(self) -> tuple[ContractFit, ...]:
        """The candidates besides the likely one."""
        return tuple(one for one in self.candidates if one.contract.name != self.likely)

    @property
    def question(self) -> DetectionQuestion:
        """Asks `source`."""
        reasons = [f"{one.contract.name}: {'; '.join((*one.reasons, *one.doubts))}" for one in self.candidates]
        evidence = ". ".join([*reasons, *([self.tie_break] if self.tie_break else [])])
        choices = (*(one.contract.name for one in self.candidates), NEW_SOURCE)
        return DetectionQuestion(
            SOURCE_QUESTION, "From which source is this file?", choices, evidence, default=self.likely
        )


def rank_contracts(file_sample: FileSample, contracts: Iterable[Contract]) -> list[ContractFit]:
    """Return how well each contract matches the file, best match first."""
    return fit(file_sample, contracts, reader=can_parse_cells)


def contract_candidates(file_sample: FileSample, fits: Sequence[ContractFit], file: str) -> ContractCandidates:
    """Return the contracts that fit the file; if none does, those whose columns are all present.

    Between contracts that fit equally well, the country of the sales decides; after it the name of the file.
    """
    certain = [one for one in fits if _is_certain(one)]
    if not certain:
        same_header = tuple(one for one in fits if file_sample.sheet.columns.keys() >= {*one.contract.source_headers})
        return ContractCandidates(same_header, same_header[0].contract.name if len(same_header) == 1 else "")
    equal = [one.contract for one in certain if _fit_quality(one) == _fit_quality(certain[0])]
    likely, tie_break = _tie_break(file_sample, equal, file)
    return ContractCandidates(tuple(certain), likely, tie_break)


def choose_without_person(file_sample: FileSample, fits: Sequence[ContractFit], file: str) -> tuple[str, str]:
    """Name of the contract with which a file is read that no person chooses a contract for; or empty, and the reason.

    Of several that fit it is the likely one, if the name of the file is also that of it. If none fits, it is the one
    that the file is named by and whose columns it mostly has: its source may have changed.
    """
    certain = [one.contract for one in fits if _is_certain(one)]
    if certain:
        likely = contract_candidates(file_sample, fits, file).likely
        if len(certain) == 1 or likely == contract_named_by_file(file, certain) != "":
            return likely, ""
        return "", f"it can be read with {list_names([one.name for one in certain])}"
    if named := contract_named_by_file(
        file, [one.contract for one in fits if one.fits or one.score >= MIN_SHARED_COLUMNS]
    ):
        return named, ""
    doubtful = next((one for one in fits if one.fits), None)
    if doubtful:
        return "", f"{doubtful.contract.name} could read it, but {doubtful.doubts[0]}"
    return "", "no known data source can read it"


def contract_named_by_file(file: str, contracts: Sequence[Contract]) -> str:
    """Name of the contract that the name of the file starts with, or of the only one of a region that it starts with;
    empty if there is none."""
    name = contract_from_name(file, [one.name for one in contracts])
    region = "" if name else contract_from_name(file, {one.region for one in contracts})
    of_region = [one.name for one in contracts if one.region == region]
    return name or (of_region[0] if len(of_region) == 1 else "")


def _tie_break(file_sample: FileSample, equal: Sequence[Contract], file: str) -> tuple[str, str]:
    """One of the contracts that fit equally well, and what decided, as words; empty if nothing does."""
    if len(equal) == 1:
        return equal[0].name, ""
    equally = f"{list_names([one.name for one in equal])} fit equally well"
    of_country = [one for one in equal if _is_of_country(file_sample, one)]
    if len(of_country) == 1:
        (one,) = of_country
        return one.name, f"{equally}, and the country of all its sales is the region of {one.name}"
    named = contract_named_by_file(file, of_country or equal)
    return named, f"{equally}, and the name of the file is that of {named}" if named else ""


def _is_of_country(file_sample: FileSample, contract: Contract) -> bool:
    """Whether all sales of the file are of the one country that the contract's region is."""
    column = file_sample.sheet.columns.get(contract.columns.get("country", ""))
    codes = {country_code(word) for word in column.words} if column else set()
    return codes == {country_code(contract.region)} != {None}


def _is_certain(one: ContractFit) -> bool:
    return one.fits and not one.doubts


def describes_new_contract(answers: Mapping[str, str]) -> bool:
    """Whether the answers describe a new contract."""
    return answers.get(SOURCE_QUESTION) == NEW_SOURCE or (
        SOURCE_QUESTION not in answers and not answers.keys() <= _READING_QUESTIONS
    )


def ask_for_contract(
    file_sample: FileSample, log: DetectionLog, contracts: Mapping[str, Contract], file: str
) -> Questionnaire | None:
    """Ask `source` if contracts fit the file, or return the one that is chosen; None if the file needs a new contract.

    contracts: by name. Raises `Rejected` for a choice that does not exist or cannot read the file.
    """
    if describes_new_contract(log.answers):
        return None
    if SOURCE_QUESTION in log.answers:
        return _chosen_contract(file_sample, log, contracts, file)
    sources = contract_candidates(file_sample, rank_contracts(file_sample, contracts.values()), file)
    if not sources.candidates:
        return None
    return Questionnaire(file_sample, (), (sources.question,), {}, None)


def _chosen_contract(
    file_sample: FileSample, log: DetectionLog, contracts: Mapping[str, Contract], file: str
) -> Questionnaire:
    """The chosen contract, or its next version if the file differs."""
    contract = contracts.get(log.answers[SOURCE_QUESTION])
    if contract is None:
        raise Rejected(
            f"There is no contract {log.answers[SOURCE_QUESTION]}. Existing contracts: {', '.join(sorted(contracts))}."
        )
    (own,) = rank_contracts(file_sample, [contract])
    changes = drift(file_sample, contract, answers=log.answers, reader=can_parse_cells)
    questions = () if own.fits else changes.questions
    if not (own.fits or changes.proposed or questions):
        raise Rejected(f"{file} cannot be read with {contract.name}: {'; '.join(own.reasons)}.")
    findings = [DetectionFinding(SOURCE_QUESTION, contract.name, "; ".join((*own.reasons, *own.doubts)), CERTAIN)]
    findings += [
        DetectionFinding(one.kind, one.column or "file", one.words, CERTAIN, one.lines) for one in changes.differences
    ]
    chosen = changes.proposed or contract
    return Questionnaire(file_sample, tuple(findings), questions, draft_fields(chosen), None if questions else chosen)


def _fit_quality(one: ContractFit) -> tuple[float, int]:
    return one.score, len(one.contract.columns)
