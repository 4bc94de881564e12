"""Durations in docs/scale.md: assumed seconds of each step, and what they come to for a settlement and a night."""

import math
from dataclasses import dataclass

from devtools.billing.traffic import LINES_PER_SALE
from docs.generate.scale.samples import samples, statements
from infra.functions import FUNCTIONS, Function
from tillstream.adapters.google.firestore.write_pace import WritePace
from tillstream.domain.limits import LIMITS

STATEMENT_SECONDS = 2.0
"""Of a statement in a script on BigQuery, whatever it reads."""
READ_SECONDS = 1.0
"""Until a read session returns its rows, if they are few."""
OTHER_SECONDS = 2.0
"""Of a settlement: downloads, documents, and the append of few rows."""
DUCKDB_SECONDS = 0.3
"""Of settling 2,000 sales in memory."""
FILE_SECONDS, MICRO_BATCH_SECONDS = 6.0, 2.0
"""Of staging, start-up included."""
INDEX_READS, APPENDED_ROWS = 10_000, 100_000
"""Per second."""
BATCHES_OF_A_SETTLEMENT = 500
"""As `pipeline.settling` limits them; their rows by `LIMITS.settled_rows`."""
COMMIT = 500
"""Documents per write to Firestore."""
STAGE, WRITE_INDEX = "stage the files of the first settlement", "write the index"


def function(name: str) -> Function:
    return next(each for each in FUNCTIONS if each.name == name)


def gib(of: Function) -> float:
    """Memory of a function in GiB."""
    return int(of.memory[:-2]) / (1024 if of.memory.endswith("Mi") else 1)


def settlement_seconds(sales: float) -> float:
    """A settlement of so many new sales, few enough that the index and the appended rows take no time."""
    calls = samples().new
    fixed = STATEMENT_SECONDS * len(statements(calls)) + READ_SECONDS * len(calls.reads) + OTHER_SECONDS
    return fixed + DUCKDB_SECONDS * sales / 2_000


def paced_seconds(documents: int) -> float:
    """Of writing documents to Firestore at the pace of `WritePace`."""
    now = 0.0

    def sleep(seconds: float) -> None:
        nonlocal now
        now += seconds

    pace = WritePace(sleep, lambda: now)
    for _ in range(documents // COMMIT):
        pace.wait(COMMIT)
    return now


@dataclass(frozen=True)
class Night:
    """Files of stores, all received at once."""

    files: int = 2_000
    sales: int = 2_000
    """Per file."""

    @property
    def settlements(self) -> int:
        return math.ceil(self.files / self.files_of_a_settlement)

    @property
    def files_of_a_settlement(self) -> int:
        of_rows = int(LIMITS.settled_rows / (self.sales * LINES_PER_SALE))
        return min(self.files, BATCHES_OF_A_SETTLEMENT, of_rows)

    @property
    def steps(self) -> dict[str, float]:
        """Step → seconds, for all settlements. Index writes begin at the lowest pace in each."""
        sales = self.files * self.sales
        of_one = self.files_of_a_settlement
        return {
            STAGE: FILE_SECONDS * math.ceil(of_one / function("stage").most),
            "read the index": sales / INDEX_READS,
            "settle in memory": DUCKDB_SECONDS * sales / 2_000,
            WRITE_INDEX: self.settlements * paced_seconds(of_one * (self.sales + 2)),
            "append the rows": sales * LINES_PER_SALE * 2 / APPENDED_ROWS,
            "commit": self.settlements * (settlement_seconds(0) - OTHER_SECONDS),
        }

    @property
    def seconds(self) -> float:
        return sum(self.steps.values())

    @property
    def seconds_of_a_settlement(self) -> float:
        return (self.seconds - self.steps[STAGE]) / self.settlements

    @property
    def index_at_one_pace(self) -> float:
        """Seconds of the writes to the index if each settlement continued at the pace of the one before."""
        return paced_seconds(self.files * (self.sales + 2))
