"""Match a file to existing contracts."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, BinaryIO

from tillstream.detection.columns.readable import Reader, readability, readable
from tillstream.detection.evidence import percentage
from tillstream.detection.file_sample import FileSample, sample_file
from tillstream.detection.sheet import Sheet
from tillstream.detection.text.dialect import DELIMITERS
from tillstream.domain.contract.file_dates import FILE_DATE
from tillstream.domain.contract.model import Contract

_MAX_LISTED = 5
_MAX_UNKNOWN_STORES = 0.5


@dataclass(frozen=True)
class Fit:
    """Match of a contract and a file. `fits`: the contract can read the file, although `doubts` may remain."""

    contract: Contract
    fits: bool
    score: float
    """0 to 1: share of mapped headers present, reduced by unreadable cells and by doubts."""
    reasons: tuple[str, ...]
    """Explanations: what matches, or what does not."""
    doubts: tuple[str, ...] = ()
    """Signs that the file comes from another source: unknown stores, another currency."""

    def to_dict(self) -> dict[str, Any]:
        return {
            "contract": self.contract.name,
            "fits": self.fits,
            "score": round(self.score, 3),
            "reasons": list(self.reasons),
            "doubts": list(self.doubts),
        }


def fit(source: BinaryIO | FileSample, contracts: Iterable[Contract], *, reader: Reader = readable) -> list[Fit]:
    """Match a file to contracts, best first; ties are broken by number of columns (more first), then name.

    source: a stream at its start, of which at most `sample.MAX_SAMPLE_BYTES` bytes are read, or a sample of the file.
    If exactly one contract `fits`, it is the file's. If several fit, ask the user; if none, use `propose` or `drift`.
    """
    sample = source if isinstance(source, FileSample) else sample_file(source)
    fits = [_fit(sample, contract, reader) for contract in contracts]
    return sorted(
        fits, key=lambda match: (not match.fits, -match.score, -len(match.contract.columns), match.contract.name)
    )


def _fit(sample: FileSample, contract: Contract, reader: Reader) -> Fit:
    sheet = sample.sheet
    headers = contract.source_headers
    missing = [name for name in headers if name not in sheet.columns]
    header_share = 1 - len(missing) / len(headers)
    problems = [*_format_problems(sample, contract)]
    if missing:
        problems.append(f"it does not have {_listed(missing)}")
        return Fit(contract, False, header_share, tuple(problems))
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
    return Fit(contract, not problems, header_share * min_share * (0.5 if doubts else 1.0), reasons, doubts)


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
