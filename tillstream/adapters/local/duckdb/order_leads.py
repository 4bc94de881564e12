"""Which line of a sale stands for it where orders are counted (`sql/ledger/leads.duckdb.sql`)."""

import duckdb

from tillstream.adapters.local.duckdb.settle_script import statements


class Leading:
    """Runs beside the steps of a wave, on the temporary tables that they left."""

    def __init__(self, cursor: duckdb.DuckDBPyConnection) -> None:
        self.cursor = cursor

    def arrive(self) -> None:
        """Before the wave's versions are added: as what they enter."""
        for step in ("known_sales", "sales_arriving", "first_lines", "mixed_sales"):
            self._do(step)

    def settle(self, *, arrived: bool, turned: bool) -> None:
        """After the flags moved: what stands otherwise than it arrived is worked out anew."""
        if arrived and not turned:
            self.cursor.execute("CREATE OR REPLACE TEMP TABLE turned (key UHUGEINT, old BIGINT, new BIGINT)")
            self.cursor.execute("CREATE OR REPLACE TEMP TABLE touched_versions (key UHUGEINT, sale BIGINT)")
        if arrived:
            self._do("doubtful_sales")
        elif turned:
            self._do("turned_sales")
        else:
            return
        if self.cursor.execute("SELECT 1 FROM doubtful_sales LIMIT 1").fetchone():
            self._do("lead")

    def _do(self, name: str) -> None:
        self.cursor.execute(statements()[name])
