"""Validate columns and types with pandera and run the rules; each failing row is a finding.

pandera's own failure cases take a second for half a million rows, and each check takes two passes through its engine.
So all rules are one check over whole columns, which keeps their masks and only returns to pandera whether they hold.
"""

from datetime import date
from typing import Any

import numpy as np
import numpy.typing as npt
import pandera.polars as pandera
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc

from tillstream.domain.contract.model import Contract
from tillstream.pipeline.normalising.normalise import NORMALISED
from tillstream.pipeline.rows.issues import Issues
from tillstream.pipeline.rows.schema import lines_schema
from tillstream.pipeline.rows.text_column import combined, decoded, to_bool_array
from tillstream.pipeline.validating.rules import Rule, rules_of

Mask = npt.NDArray[np.bool_]


def validate(table: pa.Table, contract: Contract, findings: Issues, *, received_date: date) -> None:
    """Add a finding for each row and rule that fails; never raises for invalid rows.

    table: as returned by `normalise`. Raises pandera's `SchemaErrors` if the table does not have the columns and types
    of `NORMALISED` (a programming error).
    """
    rules = list(rules_of(contract, received_date))
    used = {rule.column for rule in rules}.union(*(rule.reads for rule in rules))
    columns = [column for column in NORMALISED if column.name in used]
    for rule, failed in _failures(table.select([column.name for column in columns]), lines_schema(columns), rules):
        mask = failed & ~findings.rows_with_issue(table.num_rows, rule.unless) if rule.unless else failed
        rows = np.flatnonzero(mask)
        if rule.code == "missing-required":
            _add_missing(rows, rule.column, table, contract, findings)
        elif len(rows):
            values = None if rule.code == "missing-expected" else _values(table, rule.column, rows)
            findings.add(rows, rule.code, rule.column, values, _detail(rule, table, rows))


def _values(table: pa.Table, name: str, rows: npt.NDArray[np.int64]) -> pa.Array:
    return decoded(combined(table.column(name)).take(pa.array(rows)))


def _detail(rule: Rule, table: pa.Table, rows: npt.NDArray[np.int64]) -> str | pa.Array:
    if isinstance(rule.detail, str):
        return rule.detail
    return rule.detail(*(_values(table, name, rows) for name in rule.reads))


def _failures(rows: pa.Table, schema: pa.Schema, rules: list[Rule]) -> list[tuple[Rule, Mask]]:
    failures: list[tuple[Rule, Mask]] = []

    def all_hold(_: pandera.PolarsData) -> bool:
        masks = ((rule, to_bool_array(pc.invert(rule.holds(rows)))) for rule in rules)
        failures.extend((rule, mask) for rule, mask in masks if mask.any())
        return not failures

    check = pandera.Check(all_hold, name="rules of a sale line", ignore_na=False)
    columns = {name: pandera.Column(kind, nullable=True) for name, kind in _frame(schema.empty_table()).schema.items()}
    try:
        pandera.DataFrameSchema(columns, checks=[check]).validate(_frame(rows), lazy=True)
    except pandera.errors.SchemaErrors as errors:
        _raise_unless_rows_failed(errors, check)
    return failures


def _frame(rows: pa.Table) -> pl.DataFrame:
    """Convert rows to a polars frame for pandera; only texts are copied."""
    frame = pl.from_arrow(rows)
    assert isinstance(frame, pl.DataFrame)  # noqa: S101 - from_arrow returns a Series only for a single array
    return frame


def _raise_unless_rows_failed(errors: Any, check: pandera.Check) -> None:
    """Raise the errors if a check crashed or a column has the wrong type."""
    for error in errors.schema_errors:
        if error.reason_code is pandera.errors.SchemaErrorReason.CHECK_ERROR or error.check is not check:
            raise errors


def _add_missing(rows: npt.NDArray[np.int64], name: str, table: pa.Table, contract: Contract, findings: Issues) -> None:
    """Report missing values. For a computed net amount, report the missing terms that the user must fill in."""
    if name == "net_amount" and name not in contract.columns:
        reported = np.zeros(len(rows), np.bool_)
        for term in _terms_of_net(contract):
            is_null = to_bool_array(pc.is_null(_values(table, term, rows)))
            findings.add(rows[is_null], "missing-required", term)
            reported |= is_null
        rows = rows[~reported]
    findings.add(rows, "missing-required", name)


def _terms_of_net(contract: Contract) -> list[str]:
    """Return the terms that are required to compute the net amount if the contract does not map it."""
    if not contract.amounts.include:
        return ["quantity", "unit_price"]
    gross = ["gross_amount"] if "gross_amount" in contract.columns else ["quantity", "unit_price"]
    return [*gross, *(["tax"] if "tax" in contract.columns else [])]
