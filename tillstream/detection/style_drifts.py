"""New number and date formats of a known source; the next version of its contract has them besides the old ones."""

from collections.abc import Iterable, Iterator
from typing import Any, Literal

from tillstream.detection.columns.readable import Reader, readability, unreadable_cells
from tillstream.detection.columns.roles import NUMERIC
from tillstream.detection.evidence import DetectionLog
from tillstream.detection.sheet import Sheet
from tillstream.detection.values import currency, date_profile, dates, numbers
from tillstream.detection.values.unit_words import unit_words
from tillstream.domain.contract.model import Contract
from tillstream.domain.dates.eras import Era

Kind = Literal["number-style", "date-style"]
_NAMES = ("%a", "%A", "%b", "%B", "%p")
"""Directives of date formats that are words of a language."""


class StyleDrift:
    """Compares the formats of a file with its contract, and adds new ones to the data of its next version."""

    def __init__(
        self, sheet: Sheet, contract: Contract, data: dict[str, Any], log: DetectionLog, reader: Reader
    ) -> None:
        """data: of the next version, in which renamed columns are mapped; it is changed."""
        self._sheet, self._contract, self._data = sheet, contract, data
        self._log, self._reader = log, reader
        self._columns = {role: sheet.columns[name] for role, name in data["columns"].items() if name in sheet.columns}

    def differences(self) -> Iterator[tuple[Kind, str, str, tuple[int, ...]]]:
        """Yield kind, column of a sale line, description and lines of each new format."""
        yield from self._described("number-style", self._compare_numbers())
        yield from self._described("date-style", self._compare_dates())

    def _described(
        self, kind: Kind, examples: list[tuple[str, str]]
    ) -> Iterator[tuple[Kind, str, str, tuple[int, ...]]]:
        for role, cell in examples:
            column = self._columns[role]
            yield kind, role, f"{column.name} has a different format, as in “{cell}”", column.first_lines(cell)

    def _unreadable_roles(self, roles: Iterable[str]) -> list[tuple[str, str]]:
        """(role, example cell) of columns with too many unreadable cells."""
        reads = {role: readability(self._contract, role, self._columns[role], self._reader) for role in roles}
        least = 1 - self._contract.refused_threshold
        return [(role, read.example) for role, read in reads.items() if read.share < least]

    def _compare_numbers(self) -> list[tuple[str, str]]:
        roles = sorted(NUMERIC & self._columns.keys())
        unreadable = self._unreadable_roles(roles)
        if not unreadable:
            return []
        columns = [unreadable_cells(self._contract, role, self._columns[role], self._reader) for role in roles]
        profiles = [(column, numbers.profile(column)) for column in columns]
        _extend(self._data["numbers"]["currency_signs"], currency.signs(profiles, self._contract.currency))
        if "quantity" in roles:
            _extend(self._data["numbers"]["unit_words"], unit_words(self._columns["quantity"]))
        if any(one.decimal or one.thousands or one.ambiguous for _, one in profiles):
            self._add_number_style(numbers.decide(profiles, self._log))
        return unreadable

    def _add_number_style(self, new: numbers.NumberStyle) -> None:
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
        eras: set[Era] = set() if style.era else date_profile.profile(column, few=True).eras
        era = next(iter(eras)) if len(eras) == 1 else ""
        if not unreadable and not era:
            return []
        with_era = self._contract.model_copy(update={"dates": style.model_copy(update={"era": era or style.era})})
        self._data["dates"]["era"] = with_era.dates.era
        new = unreadable_cells(with_era, "date", column, self._reader)
        if new.filled:
            profile, sale_ids = date_profile.profile(new), self._columns.get("sale_id")
            self._add_date_formats(dates.decide(new, profile, self._sheet, self._log, sale_ids))
        return unreadable or [("date", next(iter(column.words)))]

    def _add_date_formats(self, new: dates.DateStyle) -> None:
        """Add formats, unless their names are of another language than those of the contract, which can have one."""
        own = self._contract.dates
        if new.language not in {"", own.language}:
            if any(mark in text for text in own.formats for mark in _NAMES):
                return
            self._data["dates"]["language"] = new.language
        self._data["dates"]["formats"] = list(dict.fromkeys((*own.formats, *new.formats)))


def _extend(words: list[str], more: Iterable[str]) -> None:
    words += [word for word in more if word not in words]
