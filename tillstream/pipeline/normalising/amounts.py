"""Number columns of sale lines: parse the source's values and compute the missing amounts."""

from decimal import Decimal
from functools import cached_property

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tillstream.model.columns import CONTENT, ColumnKind
from tillstream.model.contract_sections import NumberStyle
from tillstream.model.money import is_sign_of_other_currency
from tillstream.pipeline.normalising.amount_arithmetic import (
    HUNDRED,
    add_amounts,
    exceeds_hundred,
    from_minor_units,
    included_tax,
    included_taxes,
    lacks_total,
    line_total,
    minor_unit_digits,
    multiply_amounts,
    percent_of,
    scale_in_proportion,
    subtract_refund,
    total_after_refunds,
)
from tillstream.pipeline.normalising.number_columns import (
    ParsedNumbers,
    only_proven_format,
    possible_numbers,
    proven_formats,
    read_mixed_numbers,
    read_numbers,
)
from tillstream.pipeline.normalising.source_columns import SourceColumns
from tillstream.pipeline.rows.text_columns import NUMERIC, EncodedText, Ints, Mask, to_bool_array

NUMBER_COLUMNS = tuple(column.name for column in CONTENT if column.kind is ColumnKind.NUMERIC)
_REASONS = (
    (r"^[%％٪]|[%％٪]$", ": a percentage is not an amount"),
    (r"^[-+(]?\p{Sc}|\p{Sc}[-)]?$", ": the data source does not use its currency sign"),
)
"""(pattern of an invalid number, explanation for the user); the first match is reported."""
_PERCENT = r"^[%％٪][\s\x{a0}\x{202f}]*|[\s\x{a0}\x{202f}]*[%％٪]$"
_TERMS = ("quantity", "unit_price", "discount")


class LineAmounts:
    """Parses number columns and records the rows that failed: a computed amount must not replace an invalid one."""

    def __init__(self, source: SourceColumns) -> None:
        self._source = source
        self._failed: dict[str, Mask] = {}

    def all(self) -> dict[str, pa.Array]:
        """Return every number column of a sale line, NUMERIC (n,) each."""
        rule = self._source.contract.amounts
        columns = {name: self.read(name) for name in NUMBER_COLUMNS}
        if rule.discount != "amount":
            columns["discount"] = self._discount(columns)
        if rule.less_discount:
            columns |= {name: self._less_discount(name, columns) for name in ("net_amount", "gross_amount")}
        if rule.units_only:
            return columns | {"net_amount": pa.array(np.zeros(self._source.length)).cast(NUMERIC)}
        if rule.include == "tax":
            return self._less_refunds(columns | self._without_tax(columns))
        columns["net_amount"] = self._net(columns)
        if rule.tax != "amount":
            columns["tax"] = percent_of(columns["net_amount"], self._percentages("tax", columns["tax"], rule.tax))
        columns["gross_amount"] = self._gross(columns)
        return self._less_refunds(columns)

    def read(self, name: str) -> pa.Array:
        """Parse a source column: NUMERIC (n,), NULL where the cell is empty or invalid."""
        source = self._source
        self._failed[name] = np.zeros(source.length, np.bool_)
        if not source.maps(name):
            return pa.nulls(source.length, NUMERIC)
        values = self._parse(name, source.mapped(name))
        for header, sign in source.contract.amounts.terms(name):
            values = self._with_term(name, values, self._parse(name, source.text(header)), sign)
        return values

    def _parse(self, name: str, text: EncodedText) -> pa.Array:
        """Parse texts as numbers of a column: NUMERIC (n,)."""
        rule, readings = self._source.contract.amounts, self._readings(name, text)
        if len(readings) > 1:
            text, readings = self._certain(name, text, readings)
        numbers = self._report(name, text, readings[0])
        if name in rule.factors:
            numbers = self._report(name, text, multiply_amounts(numbers.values, rule.factors[name]))
        values = numbers.values.take(pa.array(text.index))
        return from_minor_units(values, self._minor_digits) if name in rule.minor_units else values

    def _with_term(self, name: str, values: pa.Array, term: pa.Array, sign: int) -> pa.Array:
        """Add or subtract another column of the source, 0 where it is empty; NULL where a number is invalid.

        An empty value is 0 beside a column that is added, unless it can be computed from quantity and price.
        """
        zero = pa.scalar(Decimal(0), NUMERIC)
        if sign > 0 and (name == "tax" or not all(map(self._source.maps, ("quantity", "unit_price")))):
            values = pc.if_else(pc.and_(pc.is_null(values), pc.is_valid(term)), zero, values)
        term = pc.fill_null(term, zero)
        total, too_large = add_amounts(values, term if sign > 0 else pc.negate(term))
        self._source.issues.add_where(too_large, "number-too-large", name)
        self._failed[name] |= too_large
        return pc.cast(pc.if_else(pa.array(self._failed[name]), None, total), NUMERIC)

    def _readings(self, name: str, text: EncodedText) -> list[ParsedNumbers]:
        """The words of a column in each format of the contract."""
        is_rate = self._source.contract.amounts.is_rate(name)
        words = pc.replace_substring_regex(text.words, _PERCENT, "") if is_rate else text.words
        return [read_numbers(words, style) for style in self._style(name).styles]

    def _certain(
        self, name: str, text: EncodedText, readings: list[ParsedNumbers]
    ) -> tuple[EncodedText, list[ParsedNumbers]]:
        """The text and the numbers by row. A number that two formats read differently is reported and NULL, unless
        the row proves one of the formats."""
        rows = EncodedText(text.plain(), np.arange(self._source.length, dtype=np.int32))
        numbers, ambiguous = read_mixed_numbers([one.take(text.index) for one in readings], self._row_formats)
        if ambiguous.any():
            self._failed[name] |= ambiguous
            details = possible_numbers([one.take(text.index) for one in readings], ambiguous)
            self._source.issues.add_where(ambiguous, "ambiguous-number", name, rows.words, details)
        return rows, [numbers]

    @cached_property
    def _row_formats(self) -> Ints:
        """Index of the format that the numbers of a row prove, -1 if they prove none or several, (n,)."""
        texts = {name: self._source.mapped(name) for name in NUMBER_COLUMNS if self._source.maps(name)}
        proven = [proven_formats(self._readings(name, text))[:, text.index] for name, text in texts.items()]
        return only_proven_format(np.logical_or.reduce(proven))

    @cached_property
    def _own_style(self) -> NumberStyle:
        """The contract's number style, without signs of other currencies than that of the file."""
        contract = self._source.contract
        style, currency = contract.numbers, "" if self._source.maps("currency") else contract.currency
        signs = tuple(sign for sign in style.currency_signs if not is_sign_of_other_currency(sign, currency))
        return style.model_copy(update={"currency_signs": signs})

    def _style(self, name: str) -> NumberStyle:
        """The number style of a column; words for units are removed from quantities as currency signs from amounts."""
        style = self._own_style
        if name != "quantity" or not style.unit_words:
            return style
        return style.model_copy(update={"currency_signs": (*style.currency_signs, *style.unit_words)})

    @cached_property
    def _minor_digits(self) -> Ints:
        """The decimal digits of each row's currency."""
        return minor_unit_digits(self._source.column_or("currency", self._source.contract.currency))

    def _report(self, name: str, text: EncodedText, numbers: ParsedNumbers) -> ParsedNumbers:
        if numbers.not_a_number.any():
            self._report_invalid(numbers.not_a_number, name, text)
        if numbers.too_large.any():
            self._failed[name] |= self._source.flag(numbers.too_large, "number-too-large", name, text)
        if numbers.rounded.any():
            self._source.flag(numbers.rounded, "rounded", name, text)
        return numbers

    def _percentages(self, name: str, numbers: pa.Array, kind: str) -> pa.Array:
        """The numbers of a column of rates or percentages in percent, NULL where they are over 100 percent."""
        text, percent = self._source.mapped(name), numbers
        if kind == "rate":
            has_percent_sign = pa.array(to_bool_array(pc.match_substring_regex(text.words, _PERCENT))[text.index])
            percent = pc.if_else(has_percent_sign, numbers, multiply_amounts(numbers, HUNDRED).values)
        too_large = to_bool_array(pc.and_(pc.is_null(percent), pc.is_valid(numbers)))
        out_of_range = too_large | exceeds_hundred(percent)
        if name == "tax":
            out_of_range |= to_bool_array(pc.less(percent, pa.scalar(Decimal(0), NUMERIC)))
        if out_of_range.any():
            limits = "can be at most 100 percent" if name == "discount" else "is from 0 to 100 percent"
            self._source.issues.add_where(out_of_range, "not-a-number", name, text.rows(), f": a {name} {limits}")
            self._failed[name] |= out_of_range
            percent = pc.if_else(pa.array(out_of_range), None, percent)
        return percent

    def _discount(self, columns: dict[str, pa.Array]) -> pa.Array:
        """Discount amounts from rates or percentages of quantity × unit price."""
        rates = self._percentages("discount", columns["discount"], self._source.contract.amounts.discount)
        for name in ("quantity", "unit_price"):
            missing = to_bool_array(pc.and_(pc.is_valid(rates), pc.is_null(columns[name])))
            self._source.issues.add_where(missing & ~self._failed[name], "missing-expected", name)
        base, _ = line_total(columns["quantity"], columns["unit_price"], pa.nulls(len(rates), NUMERIC))
        return percent_of(base, rates)

    def _without_tax(self, columns: dict[str, pa.Array]) -> dict[str, pa.Array]:
        """Gross, tax and net amounts where prices include tax; net + tax equals gross exactly."""
        gross, tax = columns["gross_amount"], columns["tax"]
        if gross.null_count:
            total, too_large = line_total(*(columns[name] for name in _TERMS))
            gross = self._fill_missing("gross_amount", _TERMS, gross, total, too_large)
        rule = self._source.contract.amounts
        if rule.tax != "amount":
            tax = included_taxes(gross, self._percentages("tax", tax, rule.tax))
        elif rule.tax_rate is not None:
            tax = included_tax(gross, rule.tax_rate)
        net, too_large = add_amounts(gross, pc.negate(tax))
        net = self._fill_missing("net_amount", ("gross_amount", "tax"), columns["net_amount"], net, too_large)
        return {"gross_amount": gross, "tax": tax, "net_amount": net}

    def _less_discount(self, name: str, columns: dict[str, pa.Array]) -> pa.Array:
        """A total of the source less the discount; NULL where the discount is invalid."""
        self._failed[name] |= self._failed["discount"]
        return self._with_term(name, columns[name], columns["discount"], -1)

    def _less_refunds(self, columns: dict[str, pa.Array]) -> dict[str, pa.Array]:
        """The net amount, tax and gross amount less refunds of a total with tax; NULL where a refund is invalid."""
        rule = self._source.contract.amounts
        name = "net_amount" if self._source.maps("net_amount") else "gross_amount"
        for left_of, pairs in ((subtract_refund, rule.refunded), (total_after_refunds, rule.remaining)):
            for header, of in pairs.items():
                whole, part = (self._parse(name, self._source.text(one)) for one in (of, header))
                missing = lacks_total(whole, part)
                self._source.issues.add_where(missing & ~self._failed[name], "missing-expected", name)
                self._failed[name] |= missing
                left, failed = left_of(whole, part), pa.array(self._failed[name])
                for amount in ("net_amount", "tax", "gross_amount"):
                    columns[amount] = pc.if_else(failed, None, scale_in_proportion(columns[amount], left, whole))
        return columns

    def _report_invalid(self, invalid: Mask, name: str, text: EncodedText) -> None:
        style = self._source.contract.numbers
        for pattern, reason in _REASONS:
            matches = invalid & to_bool_array(pc.match_substring_regex(text.words, pattern))
            invalid = invalid & ~matches
            if matches.any():
                self._failed[name] |= self._source.flag(matches, "not-a-number", name, text, reason)
        detail = f"; example of the expected format: {' or '.join(one.example for one in style.styles)}"
        self._failed[name] |= self._source.flag(invalid, "not-a-number", name, text, detail)

    def _net(self, columns: dict[str, pa.Array]) -> pa.Array:
        net = columns["net_amount"]
        if not net.null_count:
            return net
        total, too_large = line_total(*(columns[name] for name in _TERMS))
        return self._fill_missing("net_amount", _TERMS, net, total, too_large)

    def _gross(self, columns: dict[str, pa.Array]) -> pa.Array:
        gross, tax = columns["gross_amount"], columns["tax"]
        if not gross.null_count or tax.null_count == self._source.length:
            return gross
        total, too_large = add_amounts(columns["net_amount"], tax)
        return self._fill_missing("gross_amount", ("net_amount", "tax"), gross, total, too_large)

    def _fill_missing(
        self, name: str, terms: tuple[str, ...], reported: pa.Array, computed: pa.Array, too_large: Mask
    ) -> pa.Array:
        """Use the source's amount; fill empty cells with the computed one if every term was parsed."""
        self._source.issues.add_where(too_large & to_bool_array(pc.is_null(reported)), "number-too-large", name)
        incomplete = np.logical_or.reduce([self._failed[term] for term in (name, *terms)])
        if incomplete.any():
            computed = pc.if_else(pa.array(incomplete), None, computed)
        return computed if reported.null_count == self._source.length else pc.coalesce(reported, computed)
