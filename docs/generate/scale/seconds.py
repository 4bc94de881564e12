"""Durations in docs/scale.md: assumed seconds of each step, and what they come to for a settlement and a night."""

import math
from dataclasses import dataclass

from devtools.billing.traffic import LINES_PER_SALE, SETTLE_EVERY
from docs.generate.scale.samples import samples, statements
from infra.function import Function
from infra.functions import FUNCTIONS
from tillstream.adapters.google.bigquery.warehouse import NOTE_SECONDS as NOTING_SECONDS
from tillstream.adapters.google.sale_index import COMMIT, LARGE, WritePace
from tillstream.model.limits import LIMITS
from tillstream.pipeline.settling.lanes import MAX_BATCHES

STATEMENT_SECONDS = 2.0
"""Of a statement in a script on BigQuery, whatever it reads."""
READ_SECONDS = 1.0
"""Until a read session returns its rows, if they are few."""
OTHER_SECONDS = 2.0
"""Of a settlement: downloads, documents, and the append of few rows."""
DUCKDB_SECONDS = 0.3
"""Of settling 2,000 sales in memory."""
FILE_SECONDS, MICRO_BATCH_SECONDS = 6.0, 0.55
"""Of staging. A file's include the start of an instance. A micro-batch's are the longest measured for 2,000 sales (0.35
to 0.55, on one machine without a network; 0.1 for 60 sales)."""
ACKNOWLEDGE_SECONDS = 0.1
"""Of `stage` for the object of a recorded micro-batch: one query. It is the least that is billed."""
INDEX_READS, APPENDED_ROWS = 10_000, 100_000
"""Per second."""
HASHES_READ = 1_000_000
"""Rows per second of two numbers, through the Storage Read API."""
GATHER = float(next(each for each in FUNCTIONS if each.name == "receive").environment["TILLSTREAM_BATCH_WAIT"])
"""Seconds for which sales are collected after a pull that was not full."""
STAGE, READ_HASHES = "stage the files of the first settlement", "read the hashes of the pending day"


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


def sale_seconds(of_settlement: float) -> float:
    """Average from a till's message to the ledger.

    A settlement starts after the last micro-batch of a minute.
    """
    return SETTLE_EVERY / 2 + of_settlement


def receive_seconds() -> float:
    """For which a call of `receive` waits for sales."""
    return float(function("receive").environment["TILLSTREAM_RECEIVE_SECONDS"])


class _Clock:
    """Counts the seconds that are slept."""

    def __init__(self) -> None:
        self.now = 0.0

    def sleep(self, seconds: float) -> None:
        self.now += seconds

    def pace(self) -> WritePace:
        return WritePace(self.sleep, lambda: self.now)


def paced_seconds(documents: int) -> float:
    """Of writing documents to Firestore at the pace of `WritePace`."""
    clock = _Clock()
    pace = clock.pace()
    for _ in range(documents // COMMIT):
        pace.wait(COMMIT)
    return clock.now


def noting_calls(sales: int) -> int:
    """Calls of the function `index` that note so many sales: each reads the index, and writes at the pace."""
    calls = 0
    while sales > 0:
        calls += 1
        clock = _Clock()
        pace = clock.pace()
        while sales > 0 and clock.now < NOTING_SECONDS:
            clock.sleep(LARGE / INDEX_READS)
            for _ in range(LARGE // COMMIT):
                pace.wait(COMMIT)
            sales -= LARGE
    return calls


@dataclass(frozen=True)
class Night:
    """Files of stores with the sales of one day, all received at once."""

    files: int = 2_000
    sales: int = 2_000
    """Per file."""

    @property
    def files_of_a_settlement(self) -> int:
        return min(self.files, MAX_BATCHES, int(LIMITS.settled_rows / (self.sales * LINES_PER_SALE)))

    @property
    def settlements(self) -> int:
        return math.ceil(self.files / self.files_of_a_settlement)

    @property
    def steps(self) -> dict[str, float]:
        """Step → seconds, for all settlements."""
        sales = self.files * self.sales
        return {
            STAGE: FILE_SECONDS * math.ceil(self.files_of_a_settlement / function("stage").most),
            "read the index": sales / INDEX_READS,
            READ_HASHES: sum(map(self._hash_seconds, range(self.settlements))),
            "settle in memory": DUCKDB_SECONDS * sales / 2_000,
            "append the rows": sales * LINES_PER_SALE * 2 / APPENDED_ROWS,
            "commit": self.settlements * (settlement_seconds(0) - OTHER_SECONDS),
        }

    def _hash_seconds(self, earlier: int) -> float:
        """For a settlement after so many others: all rows that these added are read."""
        rows = earlier * self.files_of_a_settlement * self.sales * LINES_PER_SALE
        return READ_SECONDS + rows / HASHES_READ if earlier else 0.0

    @property
    def seconds(self) -> float:
        return sum(self.steps.values())

    @property
    def longest(self) -> float:
        """Seconds of the last settlement."""
        alike = self.seconds - self.steps[STAGE] - self.steps[READ_HASHES]
        return alike / self.settlements + self._hash_seconds(self.settlements - 1)
