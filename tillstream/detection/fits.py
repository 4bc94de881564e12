"""Match a file to existing contracts, by how much of its columns each of them can read."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice
from typing import BinaryIO

from tillstream.detection.columns.column_roles import NUMERIC_ROLES
from tillstream.detection.evidence import percentage
from tillstream.detection.sheet import SampleColumn, Sheet
from tillstream.detection.text.file_sample import DELIMITERS, FileSample, sample_file
from tillstream.detection.values.numbers import pattern_of, shape_of
from tillstream.model.contract import Contract
from tillstream.model.contract_patterns import FILE_DATE
from tillstream.model.contract_sections import NumberStyle

CellReader = Callable[[Contract, str, list[str]], list[bool]]
"""(contract, sale-line column, distinct cells) → whether the contract can read each cell."""
_SAMPLE_SIZE = 300
SAME_SOURCE = 0.95
"""A file of which this share of the rows can be read comes from the source of the contract."""

_MAX_LISTED = 5
_MAX_UNKNOWN_STORES = 0.5


@dataclass(frozen=True)
class Readability:
    """How much of a column a contract can read, by a sample of its cells."""

    rows: int
    unreadable: int
    """Number of these rows that cannot be read."""
    example: str
    """An unreadable cell, or empty."""

    @property
    def share(self) -> float:
        return 1 - self.unreadable / self.rows if self.rows else 1.0

    def shows_source(self, contract: Contract) -> bool:
        """Whether the column is one of the contract's source; one bad cell among others is a problem of its row."""
        least = min(SAME_SOURCE, 1 - contract.refused_threshold)
        return self.share >= least or (self.unreadable == 1 and self.rows > 2)


def readable_words(contract: Contract, role: str, words: list[str]) -> list[bool]:
    """Default reader, based on the contract's styles only. The pipeline passes its own, stricter readers instead."""
    if role in NUMERIC_ROLES or role == "source_version":
        return [any(_reads_number(style, word) for style in contract.numbers.styles) for word in words]
    if role == "date":
        return [any(_reads_date(word, format_) for format_ in contract.dates.formats) for word in words]
    if role == "status":
        mapped = {word.strip().casefold() for word in contract.status.words}
        return [word.casefold() in mapped for word in words]
    if role == "currency":
        return [len(word) == 3 and word.isascii() and word.isupper() for word in words]
    if role in contract.allowed:
        return [word in contract.allowed[role] for word in words]
    return [True] * len(words)


def readability(contract: Contract, role: str, column: SampleColumn, reader: CellReader) -> Readability:
    """Read sampled cells of a column with a contract."""
    words = [word for word in _spread_sample(column.words) if word not in contract.missing]
    is_readable = reader(contract, role, words) if words else []
    unreadable = [word for word, ok in zip(words, is_readable, strict=True) if not ok]
    rows, bad = (sum(column.words[word] for word in some) for some in (words, unreadable))
    return Readability(rows, bad, unreadable[0] if unreadable else "")


def unreadable_cells(contract: Contract, role: str, column: SampleColumn, reader: CellReader) -> SampleColumn:
    """The column with only the cells that a contract cannot read; the others are empty."""
    words = [word for word in column.words if word not in contract.missing]
    is_readable = reader(contract, role, words) if words else []
    unreadable = {word for word, ok in zip(words, is_readable, strict=True) if not ok}
    return replace(column, cells=tuple(cell if cell in unreadable else "" for cell in column.cells))


def _spread_sample(words: dict[str, int]) -> Iterable[str]:
    """Sample evenly across the column, since the style may change in the middle."""
    return islice(words, 0, None, max(1, len(words) // _SAMPLE_SIZE))


def _reads_number(style: NumberStyle, word: str) -> bool:
    shape = shape_of(pattern_of(word))
    if shape is None or shape.percent or (shape.sign and shape.sign not in style.currency_signs):
        return False
    fits_style = shape.decimal in {"", style.decimal} and shape.thousands in {"", style.thousands}
    return fits_style and shape.ambiguous in {"", style.decimal, style.thousands}


def _reads_date(word: str, format_: str) -> bool:
    try:
        datetime.strptime(word, format_)  # noqa: DTZ007 - only whether it can be read
    except ValueError:
        return False
    return True


@dataclass(frozen=True)
class ContractFit:
    """Match of a contract and a file. `fits`: the contract can read the file, although `doubts` may remain."""

    contract: Contract
    fits: bool
    score: float
    """0 to 1: share of mapped headers present, reduced by unreadable cells and by doubts."""
    reasons: tuple[str, ...]
    """Explanations: what matches, or what does not."""
    doubts: tuple[str, ...] = ()
    """Signs that the file comes from another source: unknown stores, another currency."""


def fit(
    source: BinaryIO | FileSample, contracts: Iterable[Contract], *, reader: CellReader = readable_words
) -> list[ContractFit]:
    """Match a file to contracts, best first; ties are broken by number of columns (more first), then name.

    source: a stream at its start, of which at most `sample.MAX_SAMPLE_BYTES` bytes are read, or a sample of the file.
    If exactly one contract `fits`, it is the file's. If several fit, ask the user; if none, use `propose` or `drift`.
    """
    sample = source if isinstance(source, FileSample) else sample_file(source)
    fits = [_fit(sample, contract, reader) for contract in contracts]
    return sorted(
        fits, key=lambda match: (not match.fits, -match.score, -len(match.contract.columns), match.contract.name)
    )


def _fit(sample: FileSample, contract: Contract, reader: CellReader) -> ContractFit:
    sheet = sample.sheet
    headers = contract.source_headers
    missing = [name for name in headers if name not in sheet.columns]
    header_share = 1 - len(missing) / len(headers)
    problems = [*_format_problems(sample, contract)]
    if missing:
        problems.append(f"it does not have {_listed(missing)}")
        return ContractFit(contract, False, header_share, tuple(problems))
    min_share = 1.0
    for role, name in contract.columns.items():
        if name in contract.made or name == FILE_DATE:
            continue
        read = readability(contract, role, sheet.columns[name], reader)
        if not read.shows_source(contract):
            problems.append(
                f"“{read.example}” in {name} is not a {role.replace('_', ' ')} in the format of the data source"
            )
        min_share = min(min_share, read.share)
    doubts = tuple(_source_doubts(sheet, contract))
    can_be_read = (
        "can be read" if min_share == 1 else f"{percentage(min_share)} of the cells or more can be read in each"
    )
    reasons = tuple(problems) or (f"all {len(headers)} columns of the data source exist and {can_be_read}",)
    return ContractFit(contract, not problems, header_share * min_share * (0.5 if doubts else 1.0), reasons, doubts)


def _format_problems(sample: FileSample, contract: Contract) -> Iterable[str]:
    """Delimiter, sheet or encoding mismatches that would change the cells."""
    delimiter = sample.file.get("delimiter")
    if delimiter and len(sample.sheet.names) > 1 and delimiter != contract.file.delimiter:
        yield f"its cells are separated by {DELIMITERS[delimiter]}s"
    sheet = sample.file.get("sheet")
    if sheet and sheet != contract.file.sheet:
        yield f"its rows are in the sheet “{sheet}”, and the contract reads another one"
    encoding = sample.file.get("encoding")
    if encoding and sample.is_encoding_sure and not decodes_equally(sample, contract.file.encoding):
        yield f"its encoding is {encoding}, not {contract.file.encoding}"


def decodes_equally(sample: FileSample, encoding: str) -> bool:
    """Whether the sampled cells decode to the same text in another encoding."""
    detected = str(sample.file["encoding"])
    if detected == encoding or {detected, encoding} <= {"utf-8", "utf-8-sig"}:
        return True
    if "16" in detected or "16" in encoding:
        return detected.replace("-le", "").replace("-be", "") == encoding.replace("-le", "").replace("-be", "")
    try:
        return all(word.encode(detected) == word.encode(encoding) for word in sample.non_ascii_words)
    except (UnicodeEncodeError, LookupError):
        return False


def _source_doubts(sheet: Sheet, contract: Contract) -> Iterable[str]:
    store = contract.columns.get("store_id")
    if contract.stores and store in sheet.columns:
        words = sheet.columns[store].words
        unknown = [word for word in words if word not in contract.stores]
        if words and len(unknown) > _MAX_UNKNOWN_STORES * len(words):
            yield f"its stores are {_listed(unknown)}, which the contract does not list"
    name = contract.columns.get("currency")
    if name in sheet.columns and contract.currency:
        other_currencies = [word for word in sheet.columns[name].words if word != contract.currency]
        if other_currencies:
            yield f"its amounts are in {_listed(other_currencies)}, the contract's in {contract.currency}"
    if contract.country and (name := contract.columns.get("country")) in sheet.columns:
        words = sheet.columns[name].words
        if words and contract.country not in words:
            yield f"its country is {_listed(list(words))}, the contract's is {contract.country}"


def _listed(names: list[str]) -> str:
    rest = f" and {len(names) - _MAX_LISTED} more" if len(names) > _MAX_LISTED else ""
    return ", ".join(names[:_MAX_LISTED]) + rest
