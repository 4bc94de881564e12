"""A large file in docs/scale.md: the line between the function and the job, and what the job takes for 5 GB."""

from dataclasses import dataclass

from devtools.billing.prices import compute_cost
from devtools.billing.traffic import LINES_PER_SALE
from docs.generate.scale.seconds import (
    APPENDED_ROWS,
    INDEX_READS,
    OTHER_SECONDS,
    paced_seconds,
    settlement_seconds,
)
from infra.jobs import LARGE
from tillstream.model.limits import LIMITS

WRITE_INDEX = "write the index"
LINE_BYTES = 250
"""Of a line in a file."""
SETTLED_LINES = 50_000
"""Lines that the job settles in memory per second: the slowest of the runs below, on two cores."""
MEASURED: tuple[tuple[int, str, str, str], ...] = (
    (250_000, "0.54 GB, 2 s", "0.56 GB, 4 s", "0.54 GB, 2 s"),
    (500_000, "0.86 GB, 5 s", "0.80 GB, 7 s", "0.76 GB, 6 s"),
    (1_000_000, "1.5 GB, 15 s", "1.3 GB, 14 s", "1.3 GB, 13 s"),
    (4_000_000, "5.0 GB, 53 s", "4.5 GB, 66 s", "4.5 GB, 49 s"),
    (10_000_000, "11.9 GB, 182 s", "10.3 GB, 121 s", "9.9 GB, 197 s"),
)
"""Lines → peak memory of the process and seconds for a new file, a repeated file and an undo (`bench/slice.py`)."""
BYTES_OF_A_LINE = 1_200
"""Memory of a line, for the largest of these."""


@dataclass(frozen=True)
class LargeFile:
    """A file of new sales."""

    size: int = 5_000_000_000

    @property
    def lines(self) -> int:
        return self.size // LINE_BYTES

    @property
    def sales(self) -> int:
        return int(self.lines / LINES_PER_SALE)

    @property
    def memory(self) -> int:
        """Bytes of the job."""
        return self.lines * BYTES_OF_A_LINE

    @property
    def steps(self) -> dict[str, float]:
        """Step → seconds."""
        return {
            "read the index": self.sales / INDEX_READS,
            "settle in memory": self.lines / SETTLED_LINES,
            WRITE_INDEX: paced_seconds(self.sales),
            "append the rows": self.lines * 2 / APPENDED_ROWS,
            "commit": settlement_seconds(0) - OTHER_SECONDS,
        }

    @property
    def paused_seconds(self) -> float:
        """Of the second try, whose index entries are written; other settlements wait for it."""
        return sum(seconds for step, seconds in self.steps.items() if step != WRITE_INDEX)

    @property
    def usd(self) -> float:
        """Of both tries, for the job's cores and memory."""
        seconds = sum(self.steps.values()) + self.paused_seconds
        return compute_cost(seconds, float(LARGE.cpu), float(LARGE.memory.removesuffix("Gi")))


def rows() -> list[tuple[str, ...]]:
    file = LargeFile()
    steps = [
        (step, f"{seconds / 60:.0f}", "" if step == WRITE_INDEX else f"{seconds / 60:.0f}")
        for step, seconds in file.steps.items()
    ]
    return [*steps, ("total", f"{sum(file.steps.values()) / 60:.0f}", f"{file.paused_seconds / 60:.0f}")]


def measured() -> list[tuple[str, ...]]:
    return [(f"{lines:,}", *figures) for lines, *figures in MEASURED]


def text() -> str:
    return f"""
A settlement or an undo of more than {LIMITS.settled_rows:,} lines is left to the job `{LARGE.name}`
({LARGE.memory.removesuffix("Gi")} GiB, {LARGE.cpu} cores). The line is the memory of `settle`:
{LIMITS.settled_rows:,} lines take less than half of its 2 GiB, and a million would leave nothing for Google's libraries
and the staged files. It also keeps the settlement within nine minutes while the sale index is written slowly. Measured
on two busy cores, without BigQuery, as peak memory and time of the process:
"""


def text_of_file() -> str:
    file = LargeFile()
    return f"""
A file of 5 GB has about {file.lines:,} lines of {file.sales:,} sales, and takes about {file.memory / 1e9:.0f} GB of
memory. These are minutes, with the assumptions of the night above. The job tries once while others settle, and if one
of them commits first, a second time while they wait. The index is written then, so tills wait for at most the minutes
of the last column, and never longer than an hour. Both tries cost ${file.usd:.2f} for the job.
"""
