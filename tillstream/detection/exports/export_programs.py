"""Recognise the export of a known program by its headers, and use what is known about it as default answers."""

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from importlib import resources
from typing import Any

from tillstream.detection.columns.column_roles import NUMERIC_ROLES, ColumnProfile
from tillstream.detection.evidence import LIKELY, NO_COLUMN, DetectionLog
from tillstream.detection.sheet import SampleColumn, Sheet
from tillstream.detection.words.headers import normalise_name
from tillstream.model.contract import MAPPABLE_COLUMNS

_CURRENCY_IN_HEADER = re.compile(r"\([A-Z]{3}\)")
DETECTION_ROLES = ("amount", "discount_rate", "tax_rate")
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


def recognise_export(names: Iterable[str]) -> ProgramExport | None:
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
    return normalise_name(_CURRENCY_IN_HEADER.sub("", name))


@lru_cache(maxsize=1)
def program_exports() -> tuple[ProgramExport, ...]:
    folder = resources.files("tillstream.detection.exports").joinpath("programs")
    files = sorted((file for file in folder.iterdir() if file.name.endswith(".toml")), key=lambda file: file.name)
    return tuple(_read_export(data) for file in files for data in tomllib.loads(file.read_text("utf-8"))["exports"])


def _read_export(data: Mapping[str, Any]) -> ProgramExport:
    """Build an export from its TOML table."""
    names = ("fill_down", "fill_down_within", "parts", "also_status")
    lists = {key: tuple(data[key]) for key in names if key in data}
    columns = {role: _header_list(headers) for role, headers in data["columns"].items()}
    signature = tuple(tuple(headers) for headers in data["signature"])
    return ProgramExport(**{**data, **lists, "signature": signature, "columns": columns})


def _header_list(headers: str | list[str]) -> tuple[str, ...]:
    return (headers,) if isinstance(headers, str) else tuple(headers)


def apply_export_answers(export: ProgramExport, sheet: Sheet, log: DetectionLog) -> None:
    """Add the default answers to the log, with the evidence of the export."""
    log.add_finding("source", export.name, export.evidence, LIKELY)
    columns = _answered_columns(export, sheet, log)
    defaults = dict(export.answers) | {f"column.{role}": name for role, name in columns.items()}
    names = (log.answers.get("column.status") or columns.get("status", ""), *export_status_columns(export, sheet))
    for status in filter(None, map(sheet.columns.get, names)):
        defaults |= dict(_word_answers(export, status, sheet))
    defaults |= {f"subtract.{name}": "yes" for name in export_refunds(export, sheet)}
    log.assume(defaults, export.evidence)


def export_fill_down(export: ProgramExport, sheet: Sheet) -> tuple[tuple[str, ...], str]:
    """The headers of the file whose empty cells mean the row above, and the header within which they do."""
    within = next(iter(_present_headers(export.fill_down_within, sheet)), "")
    return tuple(name for name in _present_headers(export.fill_down, sheet) if name != within), within


def export_status_columns(export: ProgramExport, sheet: Sheet) -> tuple[str, ...]:
    """The headers of the file that decide with the status."""
    return tuple(_present_headers(export.also_status, sheet))


def export_ignored_rows(export: ProgramExport, sheet: Sheet) -> dict[str, tuple[str, ...]]:
    """The headers of the file with the cells of rows that are not sales; a column with no other cells has none."""
    return {
        name: tuple(words)
        for header, words in export.ignore_where.items()
        for name in _present_headers([header], sheet)
        if not {cell.casefold() for cell in sheet.columns[name].cells} <= {word.casefold() for word in words}
    }


def export_amount_settings(export: ProgramExport | None, roles: Mapping[str, str]) -> dict[str, object] | None:
    """Settings of the contract's `amounts`, as far as the columns are mapped; None without an export."""
    if export is None:
        return None
    settings: dict[str, object] = {}
    if export.less_discount and "discount" in roles and {"net_amount", "gross_amount"} & roles.keys():
        settings["less_discount"] = True
    if factors := {role: factor for role, factor in export.factors.items() if role in roles}:
        settings["factors"] = factors
    return settings


def export_amount_parts(export: ProgramExport | None, sheet: Sheet) -> list[str]:
    """The headers of the file that may be subtracted from the total."""
    return _present_headers(export.parts, sheet) if export else []


def export_refunds(export: ProgramExport | None, sheet: Sheet) -> dict[str, str]:
    """The headers of refunds in the file, each with that of the total with tax that they are a part of."""
    pairs = [_present_headers(pair, sheet) for pair in (export.refunded.items() if export else ())]
    return {pair[0]: pair[1] for pair in pairs if len(pair) == 2 and all(sheet.columns[name].filled for name in pair)}


def export_order_discounts(export: ProgramExport | None, sheet: Sheet) -> frozenset[str]:
    """The headers of discounts of orders in the file, and of the totals of the orders after them."""
    pairs = export.order_discount.items() if export else ()
    return frozenset(name for pair in pairs for name in _present_headers(pair, sheet) if sheet.columns[name].filled)


def _answered_columns(export: ProgramExport, sheet: Sheet, log: DetectionLog) -> dict[str, str]:
    """Role → header, or `-` for a role without a column."""
    answered = {name for key, name in log.answers.items() if key.startswith("column.")}
    roles = dict.fromkeys((*sorted(MAPPABLE_COLUMNS), *DETECTION_ROLES), NO_COLUMN)
    for role, headers in export.columns.items():
        present = [name for name in _present_headers(headers, sheet) if name not in answered]
        readable = [name for name in present if sheet.columns[name].filled and _fits_role(role, sheet.columns[name])]
        if readable:
            roles[role] = readable[0]
        elif any(sheet.columns[name].filled for name in present):
            del roles[role]  # its cells are not what they should be, so detection decides
    return roles


def _fits_role(role: str, column: SampleColumn) -> bool:
    return role not in NUMERIC_ROLES | {"date"} or ColumnProfile(column).can_be(role)


def _word_answers(export: ProgramExport, column: SampleColumn, sheet: Sheet) -> Iterator[tuple[str, str]]:
    words = {**export.status, **(export.status_with_refunds if export_refunds(export, sheet) else {})}
    meanings = {normalise_name(word): meaning for word, meaning in words.items()}
    for word in column.words:
        if meaning := meanings.get(normalise_name(word)):
            yield f"status.{word}", meaning


def _present_headers(headers: Sequence[str], sheet: Sheet) -> list[str]:
    """The names of these headers in the file, in the order given."""
    names = {header_key(name): name for name in reversed(sheet.names)}
    return [names[header_key(header)] for header in headers if header_key(header) in names]
