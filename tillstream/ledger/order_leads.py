"""Mark the line that represents a sale when orders are counted (`sql/ledger/leads.duckdb.sql`)."""

import duckdb

from tillstream.ledger.settle_script import statements


class OrderMarkers:
    """Runs between the steps of a wave, on their temporary tables."""

    def __init__(self, cursor: duckdb.DuckDBPyConnection) -> None:
        self.cursor = cursor

    def prepare(self) -> None:
        """Compute the markers with which the wave's versions are inserted, before they are."""
        for step in ("known_sales", "staged_sales", "first_lines", "mixed_sales"):
            self._run_step(step)

    def update(self, *, has_lines: bool, current_changed: bool) -> None:
        """Recompute the markers that changed, after the current flags were updated."""
        if has_lines and not current_changed:
            self.cursor.execute("CREATE OR REPLACE TEMP TABLE current_changes (key UHUGEINT, old BIGINT, new BIGINT)")
            self.cursor.execute("CREATE OR REPLACE TEMP TABLE affected_versions (key UHUGEINT, sale BIGINT)")
        if has_lines:
            self._run_step("doubtful_sales")
        elif current_changed:
            self._run_step("changed_sales")
        else:
            return
        if self.cursor.execute("SELECT 1 FROM doubtful_sales LIMIT 1").fetchone():
            self._run_step("lead")

    def _run_step(self, name: str) -> None:
        self.cursor.execute(statements()[name])
