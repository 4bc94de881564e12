"""What a simulated year did and took."""

from dataclasses import dataclass, field

from devtools.simulation.year.sales import day_of


@dataclass
class Month:
    """What a month took.

    seconds: of the clock, without the checks. checks: the seconds of these. processor: seconds of the server. written:
    bytes.
    """

    first: int
    last: int = 0
    lines: int = 0
    seconds: float = 0.0
    checks: float = 0.0
    processor: float = 0.0
    written: int = 0

    def text(self) -> str:
        """One line of a report."""
        thousands = max(self.lines, 1) / 1_000
        return (
            f"{day_of(self.first):%Y-%m} {self.lines:>10,} lines {self.seconds:>7.1f} s, checks {self.checks:>7.1f} s; "
            f"for 1,000 lines: {self.seconds / thousands:6.3f} s, {self.processor / thousands:6.3f} s of processors, "
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
