"""Warn about currencies that a store or region has never used. The rows are accepted.

The ledger is queried only for a file with another currency than its contract's, once, and grouped by store.
"""

from collections.abc import Iterator
from typing import Any

import pyarrow as pa

from tillstream.domain.batch.staging_report import IssueCount
from tillstream.domain.contract.model import Contract
from tillstream.domain.problems import CATALOGUE
from tillstream.pipeline.rows.text_column import combined, decoded
from tillstream.pipeline.validating.history import History

CODE = "unusual-currency"


class CurrencyDetector:
    """Detector for the accepted rows of one file."""

    def __init__(self, own: str, history: History) -> None:
        """own: currency of the contract; empty if each row has its own."""
        self._own, self._history = own, history
        self._counted: list[pa.Table] = []

    def add(self, rows: pa.Table) -> None:
        """Add accepted rows. rows: columns of `STAGED`."""
        columns = {name: decoded(rows.column(name)) for name in ("store_id", "currency")}
        table = pa.table(columns | {"line": combined(rows.column("line_number"))})
        self._counted.append(_first_lines(table.group_by(["store_id", "currency"]), "line"))

    def problems(self) -> Iterator[IssueCount]:
        """Yield one entry for all unusual lines; its example is the first one."""
        if not self._counted:
            return
        table = pa.concat_tables(self._counted)
        groups = table.group_by(["store_id", "currency"]).aggregate([("count", "sum"), ("first", "min")]).to_pylist()
        other = [group for group in groups if group["currency"] not in (None, self._own)]
        unusual = self._unusual(other) if other else []
        if unusual:
            first = min(unusual, key=lambda group: int(group["first_min"]))
            count, severity = sum(int(group["count_sum"]) for group in unusual), CATALOGUE[CODE].severity.value
            yield IssueCount(CODE, severity, "currency", count, int(first["first_min"]), str(first["example"]))

    def _unusual(self, groups: list[dict[str, Any]]) -> list[dict[str, Any]]:
        in_ledger = {(store, currency) for store, currency, _ in self._history.sold()}
        unusual = []
        for group in groups:
            store = group["store_id"]
            usual = {currency for of, currency in in_ledger if of == store and store is not None}
            who = f"store {store}" if usual else "this region"
            usual = usual or {currency for _, currency in in_ledger}
            usual |= {self._own} - {""}
            if usual and group["currency"] not in usual:
                unusual.append(group | {"example": f"{group['currency']}; {who} uses {', '.join(sorted(usual))}"})
        return unusual


def currency_detector(history: History, contract: Contract) -> CurrencyDetector | None:
    """Create the detector of a contract; None if the file has no column of currencies."""
    return CurrencyDetector(contract.currency, history) if "currency" in contract.columns else None


def _first_lines(grouped: pa.TableGroupBy, line: str) -> pa.Table:
    """Count the lines of each group; find its first one."""
    counted = grouped.aggregate([(line, "count"), (line, "min")])
    return counted.rename_columns(["store_id", "currency", "count", "first"])
