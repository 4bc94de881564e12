"""Find the rows of a wave that their writers may not write (`sql/ledger/write_scope.duckdb.sql`)."""

from collections import Counter
from collections.abc import Iterator, Sequence

from tillstream.domain.write_scope import bound_writers
from tillstream.ledger.settle_script import ScriptRunner
from tillstream.ports.warehouse import StagedBatch


class WriteScope:
    """Fills `foreign_rows` and `statement_writers` for each wave; both are empty if no writer is bound to stores."""

    def __init__(self, script: ScriptRunner) -> None:
        self._script = script
        self._writers: list[tuple[int, int, list[str] | None]] = []
        self.foreign_rows: Counter[str] = Counter()
        """Batch id → rows that it may not write, over the waves so far."""

    def enter(self, wave: Sequence[StagedBatch], first_batch_no: int) -> None:
        """Note the writers of a wave. first_batch_no: number of its first batch; those of the others follow."""
        self._writers = [
            writer for number, batch in enumerate(wave, first_batch_no) for writer in _writers_of(number, batch)
        ]

    def find_foreign_rows(self) -> bool:
        """Whether any writer may not write a row. Needs `staged`, `batch_lines` and `known_lines`."""
        self._script.run("no_bound_writers")
        if not self._writers:
            return False
        cursor = self._script.cursor
        cursor.execute(
            "CREATE OR REPLACE TEMP TABLE bound_writers (own_no INTEGER, fix_number BIGINT, stores VARCHAR[])"
        )
        cursor.executemany("INSERT INTO bound_writers VALUES (?, ?, ?)", self._writers)
        has_lines = self._script.exists("known_lines WHERE is_current")
        for step in ("current_stores" if has_lines else "no_current_stores", "bound_lines", "foreign_rows"):
            self._script.run(step)
        self._script.run("statement_writers")
        counted = self._script.rows("count_foreign_rows")
        self.foreign_rows.update(dict(counted))
        return bool(counted)


def _writers_of(number: int, batch: StagedBatch) -> Iterator[tuple[int, int, list[str] | None]]:
    if batch.writers is None:
        return
    bound = bound_writers(batch.writers)
    if bound is None:
        yield number, batch.fix_number, None
    else:
        yield from ((number, fix_number, stores) for fix_number, stores in bound.items())
