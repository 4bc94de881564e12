"""Validate rows with the contract's pandera schema. Each row that fails a check is an issue with its problem code."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt
import pandera.polars as pandera
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc

from tillstream.model.columns import Column
from tillstream.model.contract import Contract
from tillstream.pipeline.normalising.amount_arithmetic import line_total
from tillstream.pipeline.normalising.normalise import NORMALISED
from tillstream.pipeline.rows.row_batch import Issues, format_values
from tillstream.pipeline.rows.text_columns import combine_chunks, decode_texts, lines_schema, to_bool_array
from tillstream.pipeline.validating.checks import TOTAL_TERMS, all_pass, check_code

_REQUIRED = tuple(column.name for column in NORMALISED if column.required and column.name != "line_key")
Mask = npt.NDArray[np.bool_]
RowNumbers = npt.NDArray[np.int64]

_ROWS_FAILED = pandera.errors.SchemaErrorReason.DATAFRAME_CHECK
"""pandera's reason for a check that rows fail, in contrast to a check that crashes or a column of a wrong type."""
_INPUTS = {
    "sale_id": frozenset({"sale_id", "store_id"}),
    "net_amount": frozenset({"net_amount", "quantity", "unit_price", "discount"}),
}
"""Column → the columns from which it is computed. If one of them failed, the missing column is not reported again."""


@dataclass(frozen=True)
class CheckRule:
    """A check and the column whose issues it reports."""

    column: str
    check: pandera.Check
    reads: tuple[str, ...] = ()
    """The other columns that a check across columns reads; empty for a check of one column."""

    @property
    def code(self) -> str:
        return check_code(self.check)


class SaleLineSchema:
    """A contract's pandera schema, and its rules in the order in which issues are reported."""

    def __init__(self, contract: Contract, received_date: date | None, **options: Any) -> None:
        """received_date: the last date that is not in the future; None: today. options: passed to every check."""
        self.rules = tuple(_check_rules(contract, received_date, options))
        used = {rule.column for rule in self.rules}.union(*(rule.reads for rule in self.rules))
        columns = [column for column in NORMALISED if column.name in used]
        self.names = [column.name for column in columns]
        self._types = to_frame(lines_schema(columns).empty_table()).schema
        self._places: dict[tuple[str | None, int], int] = {}
        checks: dict[str | None, list[pandera.Check]] = {}
        for place, rule in enumerate(self.rules):
            column = None if rule.reads else rule.column
            siblings = checks.setdefault(column, [])
            self._places[column, len(siblings)] = place
            siblings.append(rule.check)
        self.pandera = pandera.DataFrameSchema(
            {column.name: _column(column, checks.get(column.name)) for column in columns},
            checks=checks.get(None),
            name=f"{contract.name}@{contract.version}",
        )

    def passes(self, frame: pl.DataFrame) -> bool:
        """Return whether the frame has the columns and types of the schema, and every row passes every check.

        The result is that of `pandera.validate`, which takes several times as long for a small frame.
        """
        return frame.schema == self._types and all(
            all_pass(rule.check, frame if rule.reads else frame[rule.column]) for rule in self.rules
        )

    def place(self, column: str | None, check_index: int) -> int:
        """Return the position in `rules` of a check. column: its column; None for a check across columns."""
        return self._places[column, check_index]


def sale_line_schema(contract: Contract, received_date: date) -> SaleLineSchema:
    """Return the schema with which a batch is validated; built once per contract and date of receipt."""
    return _cached_schema(_ByIdentity(contract), received_date)


def to_frame(rows: pa.Table) -> pl.DataFrame:
    """Convert rows to a polars frame; only texts are copied."""
    frame = pl.from_arrow(rows)
    assert isinstance(frame, pl.DataFrame)  # noqa: S101 - from_arrow returns a Series only for a single array
    return frame


class _ByIdentity:
    """A cache key; contracts contain dictionaries and cannot be hashed."""

    def __init__(self, contract: Contract) -> None:
        self.contract = contract

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _ByIdentity) and self.contract is other.contract

    def __hash__(self) -> int:
        return id(self.contract)


@lru_cache(maxsize=8)
def _cached_schema(key: _ByIdentity, received_date: date) -> SaleLineSchema:
    # One failure case is enough, as the check's output has all rows; a full list costs a second per half million rows.
    return SaleLineSchema(key.contract, received_date, n_failure_cases=1)


def _column(column: Column, checks: list[pandera.Check] | None) -> pandera.Column:
    kind = to_frame(lines_schema([column]).empty_table()).schema[column.name]
    return pandera.Column(kind, checks, nullable=True, description=column.description)


def _check_rules(contract: Contract, received_date: date | None, options: dict[str, Any]) -> Iterator[CheckRule]:
    check = pandera.Check
    for name in _required_columns(contract):
        yield CheckRule(name, check.missing_required(**options))
    yield from _contract_rules(contract, options)
    received = received_date.isoformat() if received_date else None
    yield CheckRule("sale_date", check.future_date(received_date=received, **options))
    short_years = all("%y" in text for text in contract.dates.formats) and not contract.dates.era
    yield CheckRule("sale_date", check.old_date(received_date=received, short_years=short_years, **options))
    yield CheckRule("unit_price", check.zero_price(**options))
    yield CheckRule("unit_price", check.negative_price(**options))
    yield CheckRule("quantity", check.negative_quantity(**options), reads=("status",))
    yield CheckRule("quantity", check.positive_return(**options), reads=("status",))


def _contract_rules(contract: Contract, options: dict[str, Any]) -> Iterator[CheckRule]:
    """Yield the rules that fields of the contract define."""
    check = pandera.Check
    for name in _present_columns(contract.expected):
        yield CheckRule(name, check.missing_expected(**options))
    for name, bounds in contract.ranges.items():
        minimum, maximum = (None if limit is None else f"{limit:f}" for limit in (bounds.minimum, bounds.maximum))
        if minimum or maximum:
            yield CheckRule(name, check.out_of_range(minimum=minimum, maximum=maximum, **options))
    for name in _present_columns(contract.allowed):
        yield CheckRule(name, check.word_not_allowed(words=list(contract.allowed[name]), **options))
    if contract.stores:
        yield CheckRule("store_id", check.unknown_store(stores=list(contract.stores), **options))
    if contract.products:
        yield CheckRule("product_id", check.unknown_product(products=list(contract.products), **options))
    total = "gross_amount" if contract.amounts.include else "net_amount"
    if {total, "quantity", "unit_price"} <= set(contract.columns):
        tolerance = f"{contract.line_total_tolerance:f}"
        yield CheckRule(
            total, check.line_total_mismatch(column=total, tolerance=tolerance, **options), reads=TOTAL_TERMS
        )


def _present_columns(names: Iterable[str]) -> list[str]:
    """Return the names that are columns of normalised rows."""
    present = {column.name for column in NORMALISED}
    return [name for name in names if name in present]


def _required_columns(contract: Contract) -> list[str]:
    """Return the required columns. Where sale ids are derived, the missing input columns are reported instead."""
    numbered = [*_REQUIRED, *(["line_key"] if contract.has_line_numbers else [])]
    return [name for name in numbered if name != "sale_id" or name in contract.columns]


def validate(table: pa.Table, contract: Contract, issues: Issues, *, received_date: date) -> None:
    """Add an issue for each row and check that fails; never raises for invalid rows.

    table: as returned by `normalise`. Raises pandera's `SchemaErrors` if the table does not have the columns and types
    of `NORMALISED` (a programming error).
    """
    for rule, failed in _failures(table, sale_line_schema(contract, received_date)):
        unless = _excused_by(rule, contract)
        rows = np.flatnonzero(failed & ~issues.rows_with_issue(table.num_rows, unless) if unless else failed)
        if rule.code == "missing-required":
            _add_missing(rows, rule.column, table, contract, issues)
        elif len(rows):
            values = None if rule.code == "missing-expected" else _values(table, rule.column, rows)
            issues.add(rows, rule.code, rule.column, values, _issue_detail(rule, table, rows))


def _failures(table: pa.Table, schema: SaleLineSchema) -> list[tuple[CheckRule, Mask]]:
    """Return the rules that some row fails, in their order, and the rows that fail each."""
    frame = to_frame(table.select(schema.names))
    if schema.passes(frame):
        return []
    try:
        schema.pandera.validate(frame, lazy=True)
    except pandera.errors.SchemaErrors as errors:
        if any(error.reason_code is not _ROWS_FAILED for error in errors.schema_errors):
            raise
        places = ((schema.place(error.column_name, error.check_index), error) for error in errors.schema_errors)
        failed = {place: ~error.check_output.to_series().to_numpy() for place, error in places}
        return [(schema.rules[place], failed[place]) for place in sorted(failed)]
    return []


def _excused_by(rule: CheckRule, contract: Contract) -> frozenset[str]:
    """Return the columns whose errors suppress an issue of the rule in the same row."""
    if rule.code == "missing-expected":
        return frozenset({rule.column})
    if rule.code != "missing-required":
        return frozenset()
    inputs = _INPUTS.get(rule.column, frozenset({rule.column}))
    return inputs | {"gross_amount", "tax"} if rule.column == "net_amount" and contract.amounts.include else inputs


def _values(table: pa.Table, name: str, rows: RowNumbers) -> pa.Array:
    return decode_texts(combine_chunks(table.column(name)).take(pa.array(rows)))


def _issue_detail(rule: CheckRule, table: pa.Table, rows: RowNumbers) -> str | pa.Array:
    """Return the detail of the issues: one text, or a text per row."""
    statistics = rule.check.statistics
    if rule.code == "out-of-range":
        limits = (("at least", statistics["minimum"]), ("at most", statistics["maximum"]))
        return f"it must be {' and '.join(f'{words} {limit}' for words, limit in limits if limit is not None)}"
    if rule.code == "word-not-allowed":
        return ", ".join(statistics["words"])
    if rule.code == "line-total-mismatch":
        return format_values(line_total(*(_values(table, name, rows) for name in rule.reads))[0])
    return ""


def _add_missing(rows: RowNumbers, name: str, table: pa.Table, contract: Contract, issues: Issues) -> None:
    """Report missing values. For a computed net amount, report the missing terms that the user must fill in."""
    if name == "net_amount" and name not in contract.columns:
        reported = np.zeros(len(rows), np.bool_)
        for term in _terms_of_net(contract):
            is_null = to_bool_array(pc.is_null(_values(table, term, rows)))
            issues.add(rows[is_null], "missing-required", term)
            reported |= is_null
        rows = rows[~reported]
    issues.add(rows, "missing-required", name)


def _terms_of_net(contract: Contract) -> list[str]:
    """Return the terms that are required to compute the net amount if the contract does not map it."""
    if not contract.amounts.include:
        return ["quantity", "unit_price"]
    gross = ["gross_amount"] if "gross_amount" in contract.columns else ["quantity", "unit_price"]
    return [*gross, *(["tax"] if "tax" in contract.columns else [])]
