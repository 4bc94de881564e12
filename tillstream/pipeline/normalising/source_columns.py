"""Some rows of a source under its contract: their texts by column, and what is found in them."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from tillstream.domain.contract.model import IDS, Contract
from tillstream.domain.contract.values import MissingRule
from tillstream.pipeline.normalising.derived_columns import make
from tillstream.pipeline.normalising.id_columns import all_floats, shortened, without_zeros
from tillstream.pipeline.normalising.value_mapping import empty, filled, meant
from tillstream.pipeline.rows.issues import Findings
from tillstream.pipeline.rows.schema import TEXT
from tillstream.pipeline.rows.text_column import Texts, constant, flags, trimmed

TOLD_AS = {"date": "sale_date", "time": "sale_date"}
"""What `columns` maps → the column of a sale line that a problem names."""

Mask = npt.NDArray[np.bool_]


def missing_columns(header: Sequence[str], contract: Contract) -> list[str]:
    """Headers that the contract needs and the file lacks, in the contract's order."""
    present = set(header)
    return [name for name in contract.headers if name not in present]


class Source:
    """cells: all texts, named by the file's headers. Columns of a sale line are found by their own names.

    A column costs something once it is asked for, and what its words mean is found and told once.
    """

    def __init__(self, cells: pa.Table, contract: Contract) -> None:
        self.contract, self.length = contract, cells.num_rows
        self.findings = Findings()
        self._cells = cells
        self._text: dict[str, Texts] = {}
        self._mapped: dict[str, Texts] = {}

    def maps(self, name: str) -> bool:
        return name in self.contract.columns

    def mapped(self, name: str) -> Texts:
        """Raises `KeyError` for a column that is not mapped, or a header that `missing_columns` would have named."""
        if name not in self._mapped:
            self._mapped[name] = self._meant(name, self.text(self.contract.columns[name]))
        return self._mapped[name]

    def text(self, header: str) -> Texts:
        """The trimmed texts of a header of the file, or of one that the contract makes."""
        if header not in self._text:
            made = self.contract.made.get(header)
            cells = make(made, self.text) if made else self._cells.column(header)
            self._text[header] = trimmed(cells, self.contract.missing)
        return self._text[header]

    def _meant(self, name: str, text: Texts) -> Texts:
        values, rule = self.contract.values.get(name, {}), self.contract.where_missing.get(name)
        if values or (rule and rule.words):
            text = meant(text, values, rule.words if rule else ())
        if name in IDS:
            text = self._named(name, text)
        return self._completed(name, text, rule) if rule and text.words.null_count else text

    def _named(self, name: str, text: Texts) -> Texts:
        decimal = self.contract.numbers.decimal
        lost = shortened(text.words)
        if lost.any():
            self.tell(lost, "scientific-id", name, text)
        if name in self.contract.identity.whole_numbers:
            return without_zeros(text, decimal)
        if all_floats(text.words, decimal):
            self.tell(flags(pc.is_valid(text.words)), "float-as-id", name, text)
        return text

    def _completed(self, name: str, text: Texts, rule: MissingRule) -> Texts:
        if rule.do == "empty":
            return text
        void = empty(text)[text.index]
        told = TOLD_AS.get(name, name)
        if rule.do == "refuse":
            self.findings.add_where(void, "missing-required", told)
            return text
        self.findings.add_where(void, "default-taken", told, detail=rule.value)
        return filled(text, rule.value)

    def given(self, name: str, otherwise: str = "") -> pa.Array:
        """The source's column; where none is mapped the contract's constant, else NULL."""
        if self.maps(name):
            return self.mapped(name).rows()
        return constant(otherwise, self.length) if otherwise else pa.nulls(self.length, TEXT)

    def others(self) -> dict[str, pa.Array]:
        """Header → texts of the file's columns that the contract maps to nothing."""
        taken = set(self.contract.columns.values())
        return {name: self.text(name).plain() for name in self._cells.column_names if name not in taken}

    def tell(self, wrong: Mask, code: str, name: str, text: Texts, detail: str = "") -> Mask:
        """wrong: bool (m,), of the words. The rows that hold them, bool (n,), each told."""
        rows = wrong[text.index]
        self.findings.add_where(rows, code, name, text.rows(), detail)
        return rows
