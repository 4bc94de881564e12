"""The pandera schema of a sale line under a contract: checks of one column each, and checks across columns."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any

import pandera.polars as pandera
import polars as pl
import pyarrow as pa

from tillstream.domain.columns import Column
from tillstream.domain.contract.model import Contract
from tillstream.pipeline.normalising.normalise import NORMALISED
from tillstream.pipeline.rows.schema import lines_schema
from tillstream.pipeline.validating.checks import TERMS, all_pass, code_of

_REQUIRED = tuple(column.name for column in NORMALISED if column.required and column.name != "line_key")


@dataclass(frozen=True)
class Rule:
    """A check and the column whose issues it reports."""

    column: str
    check: pandera.Check
    reads: tuple[str, ...] = ()
    """The other columns that a check across columns reads; empty for a check of one column."""

    @property
    def code(self) -> str:
        return code_of(self.check)


class SaleLineSchema:
    """A contract's pandera schema, and its rules in the order in which issues are reported."""

    def __init__(self, contract: Contract, received_date: date | None, **options: Any) -> None:
        """received_date: the last date that is not in the future; None: today. options: passed to every check."""
        self.rules = tuple(_rules(contract, received_date, options))
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
    return _cached(_ByIdentity(contract), received_date)


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
def _cached(key: _ByIdentity, received_date: date) -> SaleLineSchema:
    # One failure case is enough, as the check's output has all rows; a full list costs a second per half million rows.
    return SaleLineSchema(key.contract, received_date, n_failure_cases=1)


def _column(column: Column, checks: list[pandera.Check] | None) -> pandera.Column:
    kind = to_frame(lines_schema([column]).empty_table()).schema[column.name]
    return pandera.Column(kind, checks, nullable=True, description=column.description)


def _rules(contract: Contract, received_date: date | None, options: dict[str, Any]) -> Iterator[Rule]:
    check = pandera.Check
    for name in _required(contract):
        yield Rule(name, check.missing_required(**options))
    yield from _contract_rules(contract, options)
    received = received_date.isoformat() if received_date else None
    yield Rule("sale_date", check.future_date(received_date=received, **options))
    short_years = all("%y" in text for text in contract.dates.formats) and not contract.dates.era
    yield Rule("sale_date", check.old_date(received_date=received, short_years=short_years, **options))
    yield Rule("unit_price", check.zero_price(**options))
    yield Rule("unit_price", check.negative_price(**options))
    yield Rule("quantity", check.negative_quantity(**options), reads=("status",))
    yield Rule("quantity", check.positive_return(**options), reads=("status",))


def _contract_rules(contract: Contract, options: dict[str, Any]) -> Iterator[Rule]:
    """Yield the rules that fields of the contract define."""
    check = pandera.Check
    for name in _present(contract.expected):
        yield Rule(name, check.missing_expected(**options))
    for name, bounds in contract.ranges.items():
        minimum, maximum = (None if limit is None else f"{limit:f}" for limit in (bounds.minimum, bounds.maximum))
        if minimum or maximum:
            yield Rule(name, check.out_of_range(minimum=minimum, maximum=maximum, **options))
    for name in _present(contract.allowed):
        yield Rule(name, check.word_not_allowed(words=list(contract.allowed[name]), **options))
    if contract.stores:
        yield Rule("store_id", check.unknown_store(stores=list(contract.stores), **options))
    if contract.products:
        yield Rule("product_id", check.unknown_product(products=list(contract.products), **options))
    total = "gross_amount" if contract.amounts.include else "net_amount"
    if {total, "quantity", "unit_price"} <= set(contract.columns):
        tolerance = f"{contract.line_total_tolerance:f}"
        yield Rule(total, check.line_total_mismatch(column=total, tolerance=tolerance, **options), reads=TERMS)


def _present(names: Iterable[str]) -> list[str]:
    """Return the names that are columns of normalised rows."""
    present = {column.name for column in NORMALISED}
    return [name for name in names if name in present]


def _required(contract: Contract) -> list[str]:
    """Return the required columns. Where sale ids are derived, the missing input columns are reported instead."""
    numbered = [*_REQUIRED, *(["line_key"] if contract.has_line_numbers else [])]
    return [name for name in numbered if name != "sale_id" or name in contract.columns]
