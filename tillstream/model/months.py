"""Calendar months."""

from dataclasses import dataclass
from datetime import date, timedelta


@dataclass(frozen=True, order=True)
class Month:
    """A calendar month."""

    first: date

    @classmethod
    def of(cls, day: date) -> "Month":
        return cls(day.replace(day=1))

    @classmethod
    def parse(cls, text: str) -> "Month | None":
        """The month of text such as 2026-11; None for other text."""
        year, _, month = text.strip().partition("-")
        if len(year) != 4 or len(month) != 2 or not (year + month).isascii() or not (year + month).isdigit():
            return None
        return cls(date(int(year), int(month), 1)) if 1900 <= int(year) < 2200 and 1 <= int(month) <= 12 else None

    @property
    def last(self) -> date:
        return self.plus(1).first - timedelta(days=1)

    @property
    def days(self) -> int:
        return self.last.day

    def plus(self, months: int) -> "Month":
        """The month that many months later, or earlier."""
        number = self.first.year * 12 + self.first.month - 1 + months
        return Month(date(number // 12, number % 12 + 1, 1))

    def __str__(self) -> str:
        return f"{self.first.year:04}-{self.first.month:02}"
