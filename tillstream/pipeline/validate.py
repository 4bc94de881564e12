"""The pipeline room: pandera declares and runs the rules over whole columns; every failing row becomes a finding.

pandera's own list of failure cases costs a second for half a million rows and holds a Python object for each. So a
check hands its whole mask to us and only its verdict to pandera.
"""

from datetime import date
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pandera.pandas as pandera
import pyarrow as pa
import pyarrow.compute as pc

from tillstream.domain.columns import BY_NAME
from tillstream.domain.contract import Contract
from tillstream.pipeline.findings import Findings
from tillstream.pipeline.normalise import NORMALISED
from tillstream.pipeline.rules import Rule, rules_of
from tillstream.pipeline.schema import arrow_type
from tillstream.pipeline.text import flags, plain, whole

Mask = npt.NDArray[np.bool_]


def validate(table: pa.Table, contract: Contract, findings: Findings, *, received_date: date) -> None:
    """table: as `normalise` gives it. Adds a finding for each row and rule that fails; never raises for bad rows.

    Raises pandera's `SchemaErrors` where the table has not the columns and types of `NORMALISED`: a fault of ours.
    """
    rules = list(rules_of(contract, received_date))
    judged = {rule.column for rule in rules}.union(*(rule.reads for rule in rules))
    columns = {one.name: plain(table.column(one.name)) for one in NORMALISED if one.name in judged}
    frame = pa.table(columns).to_pandas(types_mapper=pd.ArrowDtype)
    for rule, failed in _failures(frame, rules):
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


def _failures(frame: pd.DataFrame, rules: list[Rule]) -> list[tuple[Rule, Mask]]:
    masks: dict[int, Mask] = {}

    def check_of(place: int, rule: Rule) -> pandera.Check:
        def verdict(checked: pd.DataFrame) -> bool:
            masks[place] = ~rule.holds(checked).to_numpy(dtype=np.bool_, na_value=True)
            return not masks[place].any()

        return pandera.Check(verdict, name=rule.code, ignore_na=False)

    checks = [check_of(place, rule) for place, rule in enumerate(rules)]
    columns = {
        name: pandera.Column(pd.ArrowDtype(arrow_type(BY_NAME[name].kind)), nullable=True) for name in frame.columns
    }
    try:
        pandera.DataFrameSchema(columns, checks=checks).validate(frame, lazy=True)
    except pandera.errors.SchemaErrors as errors:
        _only_rows_failed(errors, checks)
    return [(rules[place], mask) for place, mask in masks.items() if mask.any()]


def _only_rows_failed(errors: Any, checks: list[pandera.Check]) -> None:
    """A check that broke, or a column of another type, is no fault of a row."""
    ours = {id(check) for check in checks}
    for error in errors.schema_errors:
        if error.reason_code is pandera.errors.SchemaErrorReason.CHECK_ERROR or id(error.check) not in ours:
            raise errors


def _add_missing(
    rows: npt.NDArray[np.int64], name: str, table: pa.Table, contract: Contract, findings: Findings
) -> None:
    """Where the net amount would have been computed, a person must fill in what it is computed from."""
    if name == "net_amount" and name not in contract.columns:
        told = np.zeros(len(rows), np.bool_)
        for term in ("quantity", "unit_price"):
            void = flags(pc.is_null(_chosen(table, term, rows)))
            findings.add(rows[void], "missing-required", term)
            told |= void
        rows = rows[~told]
    findings.add(rows, "missing-required", name)
