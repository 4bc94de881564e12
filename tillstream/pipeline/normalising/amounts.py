"""The numbers of each line as the source gives them, and the amounts that they make."""

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from tillstream.domain.columns import CONTENT, Kind
from tillstream.domain.contract.sections import NumberStyle
from tillstream.pipeline.normalising.numbers.arithmetic import (
    HUNDRED,
    beyond_hundred,
    line_total,
    percent_of,
    plus,
    tax_inside,
    times,
)
from tillstream.pipeline.normalising.numbers.parse import Numbers, read_numbers
from tillstream.pipeline.normalising.source_columns import Source
from tillstream.pipeline.rows.schema import NUMERIC
from tillstream.pipeline.rows.text_column import Texts, flags

NUMBERS = tuple(column.name for column in CONTENT if column.kind is Kind.NUMERIC)
_REASONS = (
    (r"^[%％٪]|[%％٪]$", ": a percentage is not an amount"),
    (r"^[-+(]?\p{Sc}|\p{Sc}[-)]?$", ": its currency sign is not among the contract's currency_signs"),
)
"""What a text that is no number looks like, and how a person is told; the first that fits is said."""
_PERCENT = r"^[%％٪][\s\x{a0}\x{202f}]*|[\s\x{a0}\x{202f}]*[%％٪]$"
_TERMS = ("quantity", "unit_price", "discount")

Mask = npt.NDArray[np.bool_]


class Amounts:
    """Remembers which rows of a column could not be read, so that nothing is computed in their place."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._refused: dict[str, Mask] = {}

    def all(self) -> dict[str, pa.Array]:
        """Every number column of a sale line, NUMERIC (n,) each."""
        rule = self._source.contract.amounts
        columns = {name: self.read(name) for name in NUMBERS}
        if rule.discount != "amount":
            columns["discount"] = self._discount(columns, self._source.mapped("discount"))
        if rule.include == "tax":
            return columns | self._without_tax(columns)
        columns["net_amount"] = self._net(columns)
        columns["gross_amount"] = self._gross(columns)
        return columns

    def read(self, name: str) -> pa.Array:
        """NUMERIC (n,): what the source wrote, NULL where nothing or nothing readable stands."""
        source = self._source
        self._refused[name] = np.zeros(source.length, np.bool_)
        if not source.maps(name):
            return pa.nulls(source.length, NUMERIC)
        text, rule = source.mapped(name), source.contract.amounts
        rate = name == "discount" and rule.discount != "amount"
        words = pc.replace_substring_regex(text.words, _PERCENT, "") if rate else text.words
        read = self._told(name, text, read_numbers(words, source.contract.numbers))
        if name in rule.factors:
            read = self._told(name, text, times(read.values, rule.factors[name]))
        return read.values.take(pa.array(text.index))

    def _told(self, name: str, text: Texts, read: Numbers) -> Numbers:
        if read.not_a_number.any():
            self._tell_why(read.not_a_number, name, text)
        if read.too_large.any():
            self._refused[name] |= self._source.tell(read.too_large, "number-too-large", name, text)
        if read.rounded.any():
            self._source.tell(read.rounded, "rounded", name, text)
        return read

    def _discount(self, columns: dict[str, pa.Array], text: Texts) -> pa.Array:
        """The amount that a rate or a percentage takes of quantity × unit price."""
        rates = columns["discount"]
        if self._source.contract.amounts.discount == "rate":
            marked = pa.array(flags(pc.match_substring_regex(text.words, _PERCENT))[text.index])
            rates = pc.if_else(marked, rates, times(rates, HUNDRED).values)
        beyond = beyond_hundred(rates) | (flags(pc.is_null(rates)) & flags(pc.is_valid(columns["discount"])))
        if beyond.any():
            self._source.findings.add_where(
                beyond, "not-a-number", "discount", text.rows(), ": a discount is at most 100 percent"
            )
            self._refused["discount"] |= beyond
            rates = pc.if_else(pa.array(beyond), None, rates)
        for name in ("quantity", "unit_price"):
            unused = flags(pc.and_(pc.is_valid(rates), pc.is_null(columns[name])))
            self._source.findings.add_where(unused & ~self._refused[name], "missing-expected", name)
        base, _ = line_total(columns["quantity"], columns["unit_price"], pa.nulls(len(rates), NUMERIC))
        return percent_of(base, rates)

    def _without_tax(self, columns: dict[str, pa.Array]) -> dict[str, pa.Array]:
        """Gross, tax and net of amounts that include tax; net and tax together are the gross amount to the digit."""
        gross, tax = columns["gross_amount"], columns["tax"]
        if gross.null_count:
            total, large = line_total(*(columns[name] for name in _TERMS))
            gross = self._completed("gross_amount", _TERMS, gross, total, large)
        rate = self._source.contract.amounts.tax_rate
        if rate is not None:
            tax = tax_inside(gross, rate)
        net, large = plus(gross, pc.negate(tax))
        net = self._completed("net_amount", ("gross_amount", "tax"), columns["net_amount"], net, large)
        return {"gross_amount": gross, "tax": tax, "net_amount": net}

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
