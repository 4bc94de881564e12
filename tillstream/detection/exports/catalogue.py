"""Recognise the export of a known program by its headers."""

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from importlib import resources
from typing import Any

from tillstream.detection.words.headers import plain

_CURRENCY = re.compile(r"\([A-Z]{3}\)")
NOT_READ = ("amount", "discount_rate", "tax_rate")
"""Roles that are only used during detection."""


@dataclass(frozen=True)
class ProgramExport:
    """One export of a program. Headers are compared without case, accents and punctuation."""

    name: str
    evidence: str
    """Sentence for users."""
    signature: tuple[tuple[str, ...], ...]
    """Sets of headers, one per language or version; a file that has all headers of one of them is this export."""
    columns: Mapping[str, tuple[str, ...]]
    """Role → headers; the first one that the file has and that is not empty is used. Other roles have no column."""
    status: Mapping[str, str] = field(default_factory=dict)
    """Status word → meaning; words that are missing are found in the dictionaries or asked."""
    also_status: tuple[str, ...] = ()
    """Headers of columns that decide with the status, such as the type of a transaction."""
    answers: Mapping[str, str] = field(default_factory=dict)
    """Other default answers by question key."""
    fill_down: tuple[str, ...] = ()
    """Headers that are written only in the first row of an order."""
    fill_down_within: tuple[str, ...] = ()
    """Headers of the order number, of which the first that the file has is used."""
    ignore_where: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Header → cells of rows that repeat the amounts of other rows or are no sales."""
    less_discount: bool = False
    """Whether the totals are before the discount, which is subtracted."""
    parts: tuple[str, ...] = ()
    """Headers of amounts that a person may want to subtract from the total, such as rebates; they are asked."""
    order_discount: Mapping[str, str] = field(default_factory=dict)
    """Header of the discount of a whole order, beside those of lines → header of the total of the order after it."""
    refunded: Mapping[str, str] = field(default_factory=dict)
    """Header of refunds → header of the total with tax that they are a part of. They are subtracted, unless a person
    answers no."""
    status_with_refunds: Mapping[str, str] = field(default_factory=dict)
    """Further `status`, if the refunds are in the file."""
    factors: Mapping[str, int] = field(default_factory=dict)
    """Role → factor of its numbers."""


def recognise(names: Iterable[str]) -> ProgramExport | None:
    """The export with the most specific signature among those whose headers are all there."""
    headers = {header_key(name) for name in names}
    fits = [
        (len(signature), export)
        for export in program_exports()
        for signature in export.signature
        if headers.issuperset(map(header_key, signature))
    ]
    return max(fits, key=lambda one: one[0])[1] if fits else None


def header_key(name: str) -> str:
    """A header for comparison: letters and digits, without the currency of the file."""
    return plain(_CURRENCY.sub("", name))


@lru_cache(maxsize=1)
def program_exports() -> tuple[ProgramExport, ...]:
    folder = resources.files("tillstream.detection.exports").joinpath("programs")
    files = sorted((file for file in folder.iterdir() if file.name.endswith(".toml")), key=lambda file: file.name)
    return tuple(_export(data) for file in files for data in tomllib.loads(file.read_text("utf-8"))["exports"])


def _export(data: Mapping[str, Any]) -> ProgramExport:
    """Build an export from its TOML table."""
    names = ("fill_down", "fill_down_within", "parts", "also_status")
    lists = {key: tuple(data[key]) for key in names if key in data}
    columns = {role: _headers(headers) for role, headers in data["columns"].items()}
    signature = tuple(tuple(headers) for headers in data["signature"])
    return ProgramExport(**{**data, **lists, "signature": signature, "columns": columns})


def _headers(headers: str | list[str]) -> tuple[str, ...]:
    return (headers,) if isinstance(headers, str) else tuple(headers)
