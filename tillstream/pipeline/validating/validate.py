"""Pandera holds rows to their columns and types, and runs the rules; each failing row is a finding.

pandera's own list of failure cases costs a second for half a million rows, and each check two passes through its
engine. So the rules are one check over whole columns, which keeps their masks and tells pandera only whether they hold.
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
from tillstream.pipeline.rows.issues import Findings
from tillstream.pipeline.rows.schema import lines_schema
from tillstream.pipeline.rows.text_column import flags, plain, whole
from tillstream.pipeline.validating.rules import Rule, rules_of

Mask = npt.NDArray[np.bool_]


def validate(table: pa.Table, contract: Contract, findings: Findings, *, received_date: date) -> None:
    """table: as `normalise` gives it. Adds a finding for each row and rule that fails; never raises for bad rows.

    Raises pandera's `SchemaErrors` where the table has not the columns and types of `NORMALISED`: a fault of ours.
    """
    rules = list(rules_of(contract, received_date))
    judged = {rule.column for rule in rules}.union(*(rule.reads for rule in rules))
    columns = [column for column in NORMALISED if column.name in judged]
    for rule, failed in _failures(table.select([column.name for column in columns]), lines_schema(columns), rules):
        mask = failed & ~findings.where(table.num_rows, rule.unless) if rule.unless else failed
        rows = np.flatnonzero(mask)
        if rule.code == "missing-required":
            _add_missing(rows, rule.column, table, contract, findings)
        elif len(rows):
            values = None if rule.code == "missing-expected" else _chosen(table, rule.column, rows)
            findings.add(rows, rule.code, rule.column, values, _detail(rule, table, rows))


def _chosen(table: pa.Table, name: str, rows: npt.NDArray[np.int64]) -> pa.Array:
    return plain(whole(table.column(name)).take(pa.array(rows)))


def _detail(rule: Rule, table: pa.Table, rows: npt.NDArray[np.int64]) -> str | pa.Array:
    if isinstance(rule.detail, str):
        return rule.detail
    return rule.detail(*(_chosen(table, name, rows) for name in rule.reads))


def _failures(rows: pa.Table, schema: pa.Schema, rules: list[Rule]) -> list[tuple[Rule, Mask]]:
    found: list[tuple[Rule, Mask]] = []

    def all_hold(_: pandera.PolarsData) -> bool:
        masks = ((rule, flags(pc.invert(rule.holds(rows)))) for rule in rules)
        found.extend((rule, mask) for rule, mask in masks if mask.any())
        return not found

    check = pandera.Check(all_hold, name="rules of a sale line", ignore_na=False)
    columns = {name: pandera.Column(kind, nullable=True) for name, kind in _frame(schema.empty_table()).schema.items()}
    try:
        pandera.DataFrameSchema(columns, checks=[check]).validate(_frame(rows), lazy=True)
    except pandera.errors.SchemaErrors as errors:
        _only_rows_failed(errors, check)
    return found


def _frame(rows: pa.Table) -> pl.DataFrame:
    """The same columns for pandera; only texts are copied."""
    frame = pl.from_arrow(rows)
    assert isinstance(frame, pl.DataFrame)  # noqa: S101 - a Series is only what it makes of a single array
    return frame


def _only_rows_failed(errors: Any, check: pandera.Check) -> None:
    """A check that broke, or a column of another type, is no fault of a row."""
    for error in errors.schema_errors:
        if error.reason_code is pandera.errors.SchemaErrorReason.CHECK_ERROR or error.check is not check:
            raise errors


def _add_missing(
    rows: npt.NDArray[np.int64], name: str, table: pa.Table, contract: Contract, findings: Findings
) -> None:
    """Where the net amount would have been computed, a person must fill in what it is computed from."""
    if name == "net_amount" and name not in contract.columns:
        told = np.zeros(len(rows), np.bool_)
        for term in _terms_of_net(contract):
            void = flags(pc.is_null(_chosen(table, term, rows)))
            findings.add(rows[void], "missing-required", term)
            told |= void
        rows = rows[~told]
    findings.add(rows, "missing-required", name)


def _terms_of_net(contract: Contract) -> list[str]:
    """What a net amount without a column of its own cannot do without."""
    if not contract.amounts.include:
        return ["quantity", "unit_price"]
    gross = ["gross_amount"] if "gross_amount" in contract.columns else ["quantity", "unit_price"]
    return [*gross, *(["tax"] if "tax" in contract.columns else [])]
