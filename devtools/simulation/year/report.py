"""What a simulated year did and took."""

import time
from dataclasses import dataclass, field

import numpy as np

from devtools.simulation.year.sales import day_of


def fixed_task() -> float:
    """Do the same piece of work as ever; return its processor seconds.

    On a machine that others use, too, they follow its speed: a cost beside them can be compared over hours.
    """
    values = np.random.default_rng(0).random(1_000_000)
    start = time.process_time()
    np.sort(values)
    return time.process_time() - start


@dataclass
class Month:
    """What a month took.

    seconds: of the clock, without the checks. checks: the seconds of these. processor: seconds of the server. written:
    bytes. fixed_tasks: processor seconds of `fixed_task`, once a day.
    """

    first: int
    last: int = 0
    lines: int = 0
    seconds: float = 0.0
    checks: float = 0.0
    processor: float = 0.0
    written: int = 0
    fixed_tasks: list[float] = field(default_factory=list)

    def text(self) -> str:
        """One line of a report."""
        thousands = max(self.lines, 1) / 1_000
        return (
            f"{day_of(self.first):%Y-%m} {self.lines:>10,} lines {self.seconds:>7.1f} s, checks {self.checks:>7.1f} s; "
            f"for 1,000 lines: {self.seconds / thousands:6.3f} s, {self.processor / thousands:6.3f} s of processors, "
            f"{self.processor / thousands / (sum(self.fixed_tasks) / len(self.fixed_tasks)):6.2f} fixed tasks, "
            f"{self.written / thousands / 1e6:6.2f} MB written"
        )


@dataclass
class Done:
    """What was checked and survived."""

    kills: int = 0
    restores: int = 0
    uploads: int = 0
    undone: int = 0
    messages: int = 0
    days: int = 0
    receipts: int = 0
    stock: int = 0
    rebuilds: int = 0
    months: list[Month] = field(default_factory=list)
