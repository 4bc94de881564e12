"""Which known contract a file fits, and why the others do not."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, BinaryIO

from tillstream.detection.columns.readable import Reader, readable, share
from tillstream.detection.propose import Looked, look
from tillstream.detection.sheet import Sheet
from tillstream.detection.text.dialect import SIGNS
from tillstream.domain.contract.model import Contract

_SHOWN = 5
_STORES = 0.5


@dataclass(frozen=True)
class Fit:
    """How a contract fits a file. `fits`: it can be read by it; `doubts` may still say that it is another's file."""

    contract: Contract
    fits: bool
    score: float
    """0 to 1: the part of the mapped headers that are there, less what cannot be read and what is doubtful."""
    reasons: tuple[str, ...]
    """In words: what fits, or what does not."""
    doubts: tuple[str, ...] = ()
    """It can be read, but does not look like this source: unknown stores, another currency."""

    def plain(self) -> dict[str, Any]:
        return {
            "contract": self.contract.name,
            "fits": self.fits,
            "score": round(self.score, 3),
            "reasons": list(self.reasons),
            "doubts": list(self.doubts),
        }


def fit(source: BinaryIO | Looked, known: Iterable[Contract], *, reader: Reader = readable) -> list[Fit]:
    """Each known contract with how it fits, the best first; of equal ones the narrower (more headers), then by name.

    source: the file at its beginning, of which at most `sample.MOST` bytes are read, or what `look` gave of it.
    One contract `fits` alone: the file is its. Several: ask a person. None: `propose` a new one, or see `drift`.
    """
    looked = source if isinstance(source, Looked) else look(source)
    found = [_fit(looked, contract, reader) for contract in known]
    return sorted(found, key=lambda one: (not one.fits, -one.score, -len(one.contract.columns), one.contract.name))


def _fit(looked: Looked, contract: Contract, reader: Reader) -> Fit:
    sheet = looked.sheet
    headers = contract.headers
    missing = [name for name in headers if name not in sheet.columns]
    there = 1 - len(missing) / len(headers)
    wrong = [*_bytes(looked, contract)]
    if missing:
        wrong.append(f"it lacks {_listed(missing)}")
        return Fit(contract, False, there, tuple(wrong))
    lost = 1.0
    for role, name in contract.columns.items():
        if name in contract.made:
            continue
        good, cell = share(contract, role, sheet.columns[name], reader)
        if good < 1 - contract.refused_threshold:
            wrong.append(f"“{cell}” in {name} is no {role.replace('_', ' ')} as the contract writes it")
        lost = min(lost, good)
    doubts = tuple(_doubts(sheet, contract))
    reasons = tuple(wrong) or (f"all {len(headers)} columns of the contract are there and can be read",)
    return Fit(contract, not wrong, there * lost * (0.5 if doubts else 1.0), reasons, doubts)


def _bytes(looked: Looked, contract: Contract) -> Iterable[str]:
    """How the bytes become cells: only where it was told and would come out otherwise."""
    delimiter = looked.file.get("delimiter")
    if delimiter and len(looked.sheet.names) > 1 and delimiter != contract.file.delimiter:
        yield f"its cells are separated by {SIGNS[delimiter]}s"
    encoding = looked.file.get("encoding")
    if encoding and not same_letters(looked, contract.file.encoding):
        yield f"its letters are spelled in {encoding}, not in {contract.file.encoding}"


def same_letters(looked: Looked, encoding: str) -> bool:
    """Whether the cells looked at would be the same in another encoding."""
    own = str(looked.file["encoding"])
    if own == encoding or {own, encoding} <= {"utf-8", "utf-8-sig"}:
        return True
    if "16" in own or "16" in encoding:
        return own.replace("-le", "").replace("-be", "") == encoding.replace("-le", "").replace("-be", "")
    try:
        return all(word.encode(own) == word.encode(encoding) for word in looked.foreign)
    except (UnicodeEncodeError, LookupError):
        return False


def _doubts(sheet: Sheet, contract: Contract) -> Iterable[str]:
    store = contract.columns.get("store_id")
    if contract.stores and store in sheet.columns:
        words = sheet.columns[store].words
        strange = [word for word in words if word not in contract.stores]
        if words and len(strange) > _STORES * len(words):
            yield f"its stores are {_listed(strange)}, which the contract does not list"
    name = contract.columns.get("currency")
    if name in sheet.columns and contract.currency:
        others = [word for word in sheet.columns[name].words if word != contract.currency]
        if others:
            yield f"its amounts are in {_listed(others)}, the contract's in {contract.currency}"
    if contract.country and (name := contract.columns.get("country")) in sheet.columns:
        words = sheet.columns[name].words
        if words and contract.country not in words:
            yield f"its country is {_listed(list(words))}, the contract's is {contract.country}"


def _listed(names: list[str]) -> str:
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more
