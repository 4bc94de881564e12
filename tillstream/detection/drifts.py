"""Compare a file with the contract of its source, and propose the contract's next version."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import BinaryIO, Literal

from tillstream.detection.columns import status
from tillstream.detection.columns.column_roles import NUMERIC_ROLES, ColumnProfile
from tillstream.detection.columns.status_columns import with_derived_columns
from tillstream.detection.evidence import DetectionLog, DetectionQuestion
from tillstream.detection.fits import CellReader, decodes_equally, readability, readable_words, unreadable_cells
from tillstream.detection.sheet import Sheet
from tillstream.detection.text.file_sample import FileSample, sample_file
from tillstream.detection.values import currency, date_profile, dates, numbers
from tillstream.detection.values.numbers import units_of_column
from tillstream.detection.words.headers import match_header, normalise_name
from tillstream.model.batch import UnknownWord
from tillstream.model.contract import Contract, parse_contract
from tillstream.model.contract_patterns import FILE_DATE
from tillstream.model.contract_values import needed_headers
from tillstream.model.date_words import Era
from tillstream.model.document_json import JsonObject

StyleKind = Literal["number-style", "date-style"]
_WORD_DIRECTIVES = ("%a", "%A", "%b", "%B", "%p")
"""Directives of date formats that are words of a language."""

DifferenceKind = Literal[
    "new-column", "renamed-column", "missing-column", "encoding", "delimiter", "number-style", "date-style", "new-word"
]
_MIN_SIMILARITY = 0.6
"""Minimum similarity of the old and new names of a renamed column."""


class StyleDrift:
    """Compares the formats of a file with its contract, and adds new ones to the data of its next version."""

    def __init__(
        self, sheet: Sheet, contract: Contract, data: JsonObject, log: DetectionLog, reader: CellReader
    ) -> None:
        """data: of the next version, in which renamed columns are mapped; it is changed."""
        self._sheet, self._contract, self._data = sheet, contract, data
        self._log, self._reader = log, reader
        self._columns = {role: sheet.columns[name] for role, name in data["columns"].items() if name in sheet.columns}

    def differences(self) -> Iterator[tuple[StyleKind, str, str, tuple[int, ...]]]:
        """Yield kind, column of a sale line, description and lines of each new format."""
        yield from self._described("number-style", self._compare_numbers())
        yield from self._described("date-style", self._compare_dates())

    def _described(
        self, kind: StyleKind, examples: list[tuple[str, str]]
    ) -> Iterator[tuple[StyleKind, str, str, tuple[int, ...]]]:
        for role, cell in examples:
            column = self._columns[role]
            yield kind, role, f"{column.name} has a different format, as in “{cell}”", column.first_lines(cell)

    def _unreadable_roles(self, roles: Iterable[str]) -> list[tuple[str, str]]:
        """(role, example cell) of columns with too many unreadable cells."""
        reads = {role: readability(self._contract, role, self._columns[role], self._reader) for role in roles}
        least = 1 - self._contract.refused_threshold
        return [(role, read.example) for role, read in reads.items() if read.share < least]

    def _compare_numbers(self) -> list[tuple[str, str]]:
        roles = sorted(NUMERIC_ROLES & self._columns.keys())
        unreadable = self._unreadable_roles(roles)
        if not unreadable:
            return []
        columns = [unreadable_cells(self._contract, role, self._columns[role], self._reader) for role in roles]
        profiles = [(column, numbers.profile_numbers(column)) for column in columns]
        _add_words(self._data["numbers"]["currency_signs"], currency.currency_signs(profiles, self._contract.currency))
        if "quantity" in roles:
            _add_words(self._data["numbers"]["unit_words"], units_of_column(self._columns["quantity"]))
        if any(one.decimal or one.thousands or one.ambiguous for _, one in profiles):
            self._add_number_style(numbers.detect_number_style(profiles, self._log))
        return unreadable

    def _add_number_style(self, new: numbers.DetectedNumberStyle) -> None:
        own = self._contract.numbers
        if new.decimal == own.decimal and new.thousands and not own.thousands:
            self._data["numbers"]["thousands"] = new.thousands
            return
        example = own.model_copy(update={"decimal": new.decimal, "thousands": new.thousands}).example
        if example not in {style.example for style in own.styles}:
            self._data["numbers"]["alternatives"].append(example)

    def _compare_dates(self) -> list[tuple[str, str]]:
        if "date" not in self._columns:
            return []
        column, style = self._columns["date"], self._contract.dates
        unreadable = self._unreadable_roles(["date"])
        eras: set[Era] = set() if style.era else date_profile.profile_dates(column, few=True).eras
        era = next(iter(eras)) if len(eras) == 1 else ""
        if not unreadable and not era:
            return []
        with_era = self._contract.model_copy(update={"dates": style.model_copy(update={"era": era or style.era})})
        self._data["dates"]["era"] = with_era.dates.era
        new = unreadable_cells(with_era, "date", column, self._reader)
        if new.filled:
            profile, sale_ids = date_profile.profile_dates(new), self._columns.get("sale_id")
            self._add_date_formats(dates.detect_date_style(new, profile, self._sheet, self._log, sale_ids))
        return unreadable or [("date", next(iter(column.words)))]

    def _add_date_formats(self, new: dates.DetectedDateStyle) -> None:
        """Add formats, unless their names are of another language than those of the contract, which can have one."""
        own = self._contract.dates
        if new.language not in {"", own.language}:
            if any(mark in text for text in own.formats for mark in _WORD_DIRECTIVES):
                return
            self._data["dates"]["language"] = new.language
        self._data["dates"]["formats"] = list(dict.fromkeys((*own.formats, *new.formats)))


def _add_words(words: list[str], more: Iterable[str]) -> None:
    words += [word for word in more if word not in words]


@dataclass(frozen=True)
class ContractDifference:
    kind: DifferenceKind
    column: str
    """Sale-line column, or file column if it is new; empty for the whole file."""
    words: str
    """Description of the change and its evidence, for users."""
    lines: tuple[int, ...] = ()


@dataclass(frozen=True)
class Drift:
    """Differences between a file and its contract. `proposed`: next version of the contract, which reads the file;
    None if nothing has to change, a question is open, or mapped columns are missing."""

    differences: tuple[ContractDifference, ...]
    proposed: Contract | None
    questions: tuple[DetectionQuestion, ...] = ()


def drift(
    source: BinaryIO | FileSample,
    contract: Contract,
    *,
    header: Sequence[str] = (),
    answers: Mapping[str, str] | None = None,
    reader: CellReader = readable_words,
    unknown_words: Sequence[UnknownWord] = (),
) -> Drift:
    """Compare a file with its contract.

    header: column names of an earlier file; without them, new columns that are not mapped are not reported.
    answers: by question key of an earlier call. unknown_words: of the whole file, if it was read with the contract.
    """
    log = DetectionLog(dict(answers or {}))
    sample = source if isinstance(source, FileSample) else sample_file(source)
    return _Comparison(sample, contract, tuple(header), log, reader, unknown_words).run()


class _Comparison:
    def __init__(
        self,
        sample: FileSample,
        contract: Contract,
        header: tuple[str, ...],
        log: DetectionLog,
        reader: CellReader,
        unknown_words: Sequence[UnknownWord],
    ) -> None:
        self._unknown_words = unknown_words
        self._sample, self._sheet, self._contract = sample, sample.sheet, contract
        self._header, self._log, self._reader = header, log, reader
        self._differences: list[ContractDifference] = []
        self._data: JsonObject = contract.model_dump(mode="json")

    def run(self) -> Drift:
        self._compare_format()
        self._compare_columns()
        styles = StyleDrift(self._sheet, self._contract, self._data, self._log, self._reader)
        for kind, role, words, lines in styles.differences():
            self._add(kind, role, words, lines)
        self._compare_status_words()
        used = (*self._data["columns"].values(), *self._contract.identity.made_of)
        present = {FILE_DATE, *self._sheet.columns}
        missing = [name for name in needed_headers(used, self._contract.made) if name not in present]
        changed = self._data != self._contract.model_dump(mode="json")
        if missing or self._log.questions or not changed:
            return Drift(tuple(self._differences), None, tuple(self._log.questions))
        self._data["version"] = self._contract.version + 1
        return Drift(tuple(self._differences), parse_contract(self._data, self._contract.name))

    def _add(self, kind: DifferenceKind, column: str, words: str, lines: tuple[int, ...] = ()) -> None:
        self._differences.append(ContractDifference(kind, column, words, lines))

    def _compare_format(self) -> None:
        file, style = self._sample.file, self._contract.file
        is_sure = bool(file.get("encoding")) and self._sample.is_encoding_sure
        if is_sure and not decodes_equally(self._sample, style.encoding):
            self._add("encoding", "", f"the encoding was {style.encoding} and is now {file['encoding']}")
            self._data["file"]["encoding"] = file["encoding"]
        if file.get("delimiter") and len(self._sheet.names) > 1 and file["delimiter"] != style.delimiter:
            self._add("delimiter", "", f"the delimiter was {style.delimiter!r} and is now {file['delimiter']!r}")
            self._data["file"]["delimiter"] = file["delimiter"]

    def _compare_columns(self) -> None:
        mapped = set(self._contract.source_headers)
        expected = mapped | set(self._header)
        new = [name for name in self._sheet.names if name not in expected]
        for role, name in self._contract.columns.items():
            if name in self._sheet.columns or name in self._contract.made or name == FILE_DATE:
                continue
            renamed = self._renamed_column(role, name, new)
            if renamed:
                new.remove(renamed)
                self._data["columns"][role] = renamed
                lines = self._sheet.columns[renamed].lines[:1]
                words = f"{name} is now called {renamed}, judging by its name and cells"
                self._add("renamed-column", role, words, lines)
            else:
                self._add("missing-column", role, f"{name} is missing")
        for name in self._contract.source_headers:
            if name not in {*self._contract.columns.values(), *self._sheet.columns}:
                self._add("missing-column", name, f"{name} is missing")
        for name in new if self._header else ():
            matching_role = next((match.role for match in match_header(name) if match.role), "")
            words = (
                f"{name} is new; its name means {matching_role.replace('_', ' ')}"
                if matching_role
                else f"{name} is new"
            )
            self._add("new-column", name, words)

    def _renamed_column(self, role: str, name: str, new: list[str]) -> str:
        """The new column that replaces `name`, or empty. Asks `column.ROLE` if several match."""
        answer = self._log.answer(f"column.{role}")
        if answer in new:
            return str(answer)
        plain_name = normalise_name(name)
        candidates: list[tuple[float, str]] = []
        for other in new:
            if not ColumnProfile(self._sheet.columns[other]).can_be(role):
                continue
            similarity = SequenceMatcher(None, plain_name, normalise_name(other)).ratio()
            same_role = any(match.role in {role, "amount"} & _compatible_roles(role) for match in match_header(other))
            if same_role or similarity >= _MIN_SIMILARITY:
                candidates.append((similarity + same_role, other))
        candidates.sort(reverse=True)
        if len(candidates) > 1 and candidates[0][0] - candidates[1][0] < 0.2:
            choices = tuple(other for _, other in candidates)
            self._log.add_question(f"column.{role}", f"{name} is missing. Which column replaces it?", choices)
            return ""
        return candidates[0][1] if candidates else ""

    def _compare_status_words(self) -> None:
        """Report new status words and ask for their meaning; all of the file are asked, if it was read whole."""
        name = self._data["columns"].get("status")
        sheet = with_derived_columns(self._sheet, self._contract.made)
        if name not in sheet.columns:
            return
        column, numbers_ = sheet.columns[name], self._data["numbers"]
        style = numbers.DetectedNumberStyle(numbers_["decimal"], numbers_["thousands"])
        uses = status.new_status_words(sheet, self._data["columns"], style, self._contract, self._log)
        sampled = {use.word for use in uses}
        uses += status.unsampled_status_words(self._unknown_words, sampled, self._log)
        for use in uses:
            self._add("new-word", "status", f"“{use.word}” in {name} is new", column.first_lines(use.word))
            if use.meaning:
                self._data["status"]["words"][use.word] = use.meaning
        status.ask_status_words(name, uses, self._log)


def _compatible_roles(role: str) -> set[str]:
    """Roles of a header that may name this role; a total may be named net, gross, or neither."""
    return {role, "amount"} if role in {"net_amount", "gross_amount"} else {role}
