"""The pipeline room: the numbers of each line as the source gives them, and the amounts that they make."""

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from tillstream.domain.columns import CONTENT, Kind
from tillstream.domain.styles import NumberStyle
from tillstream.pipeline.money import line_total, plus
from tillstream.pipeline.numbers import read_numbers
from tillstream.pipeline.schema import NUMERIC
from tillstream.pipeline.source import Source
from tillstream.pipeline.text import Texts, flags

NUMBERS = tuple(column.name for column in CONTENT if column.kind is Kind.NUMERIC)
_REASONS = (
    (r"^[%％٪]|[%％٪]$", ": a percentage is not an amount"),
    (r"^[-+(]?\p{Sc}|\p{Sc}[-)]?$", ": its currency sign is not among the contract's currency_signs"),
)
"""What a text that is no number looks like, and how a person is told; the first that fits is said."""
_TERMS = ("quantity", "unit_price", "discount")

Mask = npt.NDArray[np.bool_]


class Amounts:
    """Remembers which rows of a column could not be read, so that nothing is computed in their place."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._refused: dict[str, Mask] = {}

    def all(self) -> dict[str, pa.Array]:
        """Every number column of a sale line, NUMERIC (n,) each."""
        columns = {name: self.read(name) for name in NUMBERS}
        columns["net_amount"] = self._net(columns)
        columns["gross_amount"] = self._gross(columns)
        return columns

    def read(self, name: str) -> pa.Array:
        """NUMERIC (n,): what the source wrote, NULL where nothing or nothing readable stands."""
        source = self._source
        self._refused[name] = np.zeros(source.length, np.bool_)
        if not source.maps(name):
            return pa.nulls(source.length, NUMERIC)
        text = source.mapped(name)
        read = read_numbers(text.words, source.contract.numbers)
        if read.not_a_number.any():
            self._tell_why(read.not_a_number, name, text)
        if read.too_large.any():
            self._refused[name] |= source.tell(read.too_large, "number-too-large", name, text)
        if read.rounded.any():
            source.tell(read.rounded, "rounded", name, text)
        return read.values.take(pa.array(text.index))

    def _tell_why(self, wrong: Mask, name: str, text: Texts) -> None:
        style = self._source.contract.numbers
        for looks, words in _REASONS:
            here = wrong & flags(pc.match_substring_regex(text.words, looks))
            wrong = wrong & ~here
            if here.any():
                self._refused[name] |= self._source.tell(here, "not-a-number", name, text, words)
        detail = f"; it is written like {_example(style)}"
        self._refused[name] |= self._source.tell(wrong, "not-a-number", name, text, detail)

    def _net(self, columns: dict[str, pa.Array]) -> pa.Array:
        own = columns["net_amount"]
        if not own.null_count:
            return own
        total, large = line_total(*(columns[name] for name in _TERMS))
        return self._completed("net_amount", _TERMS, own, total, large)

    def _gross(self, columns: dict[str, pa.Array]) -> pa.Array:
        own, tax = columns["gross_amount"], columns["tax"]
        if not own.null_count or tax.null_count == self._source.length:
            return own
        total, large = plus(columns["net_amount"], tax)
        return self._completed("gross_amount", ("net_amount", "tax"), own, total, large)

    def _completed(self, name: str, terms: tuple[str, ...], own: pa.Array, total: pa.Array, large: Mask) -> pa.Array:
        """The source's own amount; the computed one where the cell is empty and every term could be read."""
        self._source.findings.add_where(large & flags(pc.is_null(own)), "number-too-large", name)
        unsure = np.logical_or.reduce([self._refused[term] for term in (name, *terms)])
        if unsure.any():
            total = pc.if_else(pa.array(unsure), None, total)
        return total if own.null_count == self._source.length else pc.coalesce(own, total)


def _example(style: NumberStyle) -> str:
    return f"1{style.thousands}234{style.decimal}50"
