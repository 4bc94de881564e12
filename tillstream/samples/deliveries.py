"""The files in which a region delivers its sales, in order of arrival."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from tillstream.samples.faults import overlap
from tillstream.samples.lines import Lines
from tillstream.samples.months import Month, mark, months
from tillstream.samples.regions import Region

MISSING = {"USA": 4}
"""Region → the day that it never delivers, in days before the last, if its newest days have a file each."""


@dataclass(frozen=True)
class Delivery:
    """One file with the sales from `first` to `last`, or, if `corrects`, with corrected sales of the last months."""

    name: str
    first: date
    last: date
    repeats: bool = False
    """Whether it begins with the last days of the month before, and a blank line."""
    corrects: bool = False

    @property
    def daily(self) -> bool:
        return self.first == self.last and not self.corrects

    def of(self, lines: Lines, month: Month) -> Lines:
        """The lines of a month that the file delivers first."""
        start, end = ((day - month.first).days + 1 for day in (self.first, self.last))
        return lines.take((lines.day >= start) & (lines.day <= end))

    def repeated(self, lines: Lines, month: Month) -> Lines:
        """The lines of the month before that the file delivers again."""
        return lines.take(overlap(lines, month) & (lines.day <= (self.last - month.first).days + 1))


def deliveries(region: Region, extension: str, until: date, scale: float, days: int = 0) -> list[Delivery]:
    """The history of 23 months, the newest month, a file for each of the last `days`, and the corrections.

    Without `days`, the file of the newest month ends with `until`.
    """
    span = months(until, scale)
    before, newest = span[-2], span[-1]
    last = until - timedelta(days=days)

    def name(kind: str, when: str) -> str:
        return "_".join(filter(None, (region.name, kind, when, mark(scale).lower()))) + f".{extension}"

    def dailies() -> Iterator[Delivery]:
        for day in (last + timedelta(days=1 + number) for number in range(days)):
            if day != missing_day(region.name, until, days):
                yield Delivery(name("sales", f"{day}"), day, day)

    history_end = min(newest.first - timedelta(days=1), last)
    return [
        Delivery(name("sales", f"{span[0].first:%Y-%m}_to_{before.first:%Y-%m}"), span[0].first, history_end),
        Delivery(name("sales", f"{newest.first:%Y-%m}"), newest.first, last, repeats=True),
        *dailies(),
        Delivery(name("corrections", f"{newest.first:%Y-%m}"), span[0].first, until, corrects=True),
    ]


def missing_day(region: str, until: date, days: int) -> date | None:
    """The day of the newest `days` that the region never delivers, or None."""
    return until - timedelta(days=MISSING[region]) if MISSING.get(region, days) < days else None
