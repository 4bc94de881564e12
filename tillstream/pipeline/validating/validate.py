"""Validate rows with the contract's pandera schema. Each row that fails a check is an issue with its problem code."""

from datetime import date

import numpy as np
import numpy.typing as npt
import pandera.polars as pandera
import pyarrow as pa
import pyarrow.compute as pc

from tillstream.domain.contract.model import Contract
from tillstream.pipeline.normalising.numbers.arithmetic import line_total
from tillstream.pipeline.rows.issues import Issues, format_values
from tillstream.pipeline.rows.text_column import combined, decoded, to_bool_array
from tillstream.pipeline.validating.schema import Rule, SaleLineSchema, sale_line_schema, to_frame

Mask = npt.NDArray[np.bool_]
Rows = npt.NDArray[np.int64]

_ROWS_FAILED = pandera.errors.SchemaErrorReason.DATAFRAME_CHECK
"""pandera's reason for a check that rows fail, in contrast to a check that crashes or a column of a wrong type."""
_INPUTS = {
    "sale_id": frozenset({"sale_id", "store_id"}),
    "net_amount": frozenset({"net_amount", "quantity", "unit_price", "discount"}),
}
"""Column → the columns from which it is computed. If one of them failed, the missing column is not reported again."""


def validate(table: pa.Table, contract: Contract, issues: Issues, *, received_date: date) -> None:
    """Add an issue for each row and check that fails; never raises for invalid rows.

    table: as returned by `normalise`. Raises pandera's `SchemaErrors` if the table does not have the columns and types
    of `NORMALISED` (a programming error).
    """
    for rule, failed in _failures(table, sale_line_schema(contract, received_date)):
        unless = _unless(rule, contract)
        rows = np.flatnonzero(failed & ~issues.rows_with_issue(table.num_rows, unless) if unless else failed)
        if rule.code == "missing-required":
            _add_missing(rows, rule.column, table, contract, issues)
        elif len(rows):
            values = None if rule.code == "missing-expected" else _values(table, rule.column, rows)
            issues.add(rows, rule.code, rule.column, values, _detail(rule, table, rows))


def _failures(table: pa.Table, schema: SaleLineSchema) -> list[tuple[Rule, Mask]]:
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


def _unless(rule: Rule, contract: Contract) -> frozenset[str]:
    """Return the columns whose errors suppress an issue of the rule in the same row."""
    if rule.code == "missing-expected":
        return frozenset({rule.column})
    if rule.code != "missing-required":
        return frozenset()
    inputs = _INPUTS.get(rule.column, frozenset({rule.column}))
    return inputs | {"gross_amount", "tax"} if rule.column == "net_amount" and contract.amounts.include else inputs


def _values(table: pa.Table, name: str, rows: Rows) -> pa.Array:
    return decoded(combined(table.column(name)).take(pa.array(rows)))


def _detail(rule: Rule, table: pa.Table, rows: Rows) -> str | pa.Array:
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


def _add_missing(rows: Rows, name: str, table: pa.Table, contract: Contract, issues: Issues) -> None:
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
