"""Source columns of a block as the contract maps them, and the issues found in their texts."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from tillstream.domain.contract.model import IDS, Contract
from tillstream.domain.contract.values import MissingRule
from tillstream.pipeline.normalising.derived_columns import derive
from tillstream.pipeline.normalising.id_columns import (
    are_float_ids,
    is_scientific,
    strip_decimal_zeros,
    with_usual_spelling,
)
from tillstream.pipeline.normalising.value_mapping import fill_default, is_missing, map_values
from tillstream.pipeline.rows.issues import Issues
from tillstream.pipeline.rows.schema import TEXT
from tillstream.pipeline.rows.text_column import EncodedText, as_sent, constant, strip_and_mask

REPORTED_COLUMN = {"date": "sale_date", "time": "sale_date"}
"""Mapped column → the sale line column that its issues are reported under."""

Mask = npt.NDArray[np.bool_]


def missing_columns(header: Sequence[str], contract: Contract) -> list[str]:
    """Return the headers that the contract requires and the file does not have, in the contract's order."""
    present = set(header)
    return [name for name in contract.headers if name not in present]


class SourceColumns:
    """Source columns by the name of the sale line column. cells: all texts, named by the file's headers.

    Columns are converted and their issues reported once, on first access.
    """

    def __init__(self, cells: pa.Table, contract: Contract, *, verbatim: bool = False) -> None:
        """verbatim: the source has typed values, so texts are not trimmed or checked, and only NULL is missing."""
        self.contract, self.length, self.verbatim = contract, cells.num_rows, verbatim
        self.issues = Issues()
        self._cells = cells
        self._text: dict[str, EncodedText] = {}
        self._mapped: dict[str, EncodedText] = {}

    def maps(self, name: str) -> bool:
        return name in self.contract.columns

    def mapped(self, name: str) -> EncodedText:
        """Return a mapped column. Raises `KeyError` if it is not mapped or its header is missing in the file."""
        if name not in self._mapped:
            self._mapped[name] = self._map_column(name, self.text(self.contract.columns[name]))
        return self._mapped[name]

    def text(self, header: str) -> EncodedText:
        """Return the trimmed texts of a header of the file or of a derived column."""
        if header not in self._text:
            derived = self.contract.made.get(header)
            cells = derive(derived, self.text) if derived else self._cells.column(header)
            self._text[header] = as_sent(cells) if self.verbatim else strip_and_mask(cells, self.contract.missing)
        return self._text[header]

    def _map_column(self, name: str, text: EncodedText) -> EncodedText:
        values, rule = self.contract.values.get(name, {}), self.contract.where_missing.get(name)
        if values or (rule and rule.words):
            text = map_values(text, values, rule.words if rule else ())
        if name in IDS and not self.verbatim:
            text = self._clean_ids(name, text)
        return self._fill_missing(name, text, rule) if rule and text.words.null_count else text

    def _clean_ids(self, name: str, text: EncodedText) -> EncodedText:
        decimal = self.contract.numbers.decimal
        scientific = is_scientific(text.words)
        if scientific.any():
            self.flag(scientific, "scientific-id", name, text)
        patterns = self.contract.identity.spellings.get(name)
        if patterns:
            text = with_usual_spelling(text, patterns)
        if name in self.contract.identity.whole_numbers:
            return strip_decimal_zeros(text, decimal)
        are_float = are_float_ids(text.words, decimal)
        if are_float.any():
            self.flag(are_float, "float-as-id", name, text)
        return text

    def _fill_missing(self, name: str, text: EncodedText, rule: MissingRule) -> EncodedText:
        if rule.do == "empty":
            return text
        missing = is_missing(text)[text.index]
        column = REPORTED_COLUMN.get(name, name)
        if rule.do == "refuse":
            self.issues.add_where(missing, "missing-required", column)
            return text
        self.issues.add_where(missing, "default-taken", column, detail=rule.value)
        return fill_default(text, rule.value)

    def column_or(self, name: str, default: str = "") -> pa.Array:
        """Return the source's column, or `default` (NULL if empty) where none is mapped."""
        if self.maps(name):
            return self.mapped(name).rows()
        return constant(default, self.length) if default else pa.nulls(self.length, TEXT)

    def unmapped(self) -> dict[str, pa.Array]:
        """Return header → texts of the file's columns that the contract does not map."""
        mapped = set(self.contract.columns.values())
        return {name: self.text(name).plain() for name in self._cells.column_names if name not in mapped}

    def flag(self, mask: Mask, code: str, name: str, text: EncodedText, detail: str = "") -> Mask:
        """Report an issue for each row whose word is selected. mask: bool (m,), of the words. Returns bool (n,)."""
        rows = mask[text.index]
        self.issues.add_where(rows, code, name, text.rows(), detail)
        return rows
