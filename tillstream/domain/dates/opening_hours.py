"""The hours of a day in which stores are open."""

import re
from dataclasses import dataclass
from datetime import datetime, time
from typing import Self
from zoneinfo import ZoneInfo

_FORM = re.compile(r"^(\d\d:\d\d)-(\d\d:\d\d) (\S+)$")


@dataclass(frozen=True)
class OpeningHours:
    """From `opens` until `closes`, which may be on the next day, on the clock of `zone`; never the same time."""

    opens: time
    closes: time
    zone: ZoneInfo

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a text such as `06:00-22:00 Europe/Berlin`. Raises `ValueError`."""
        try:
            opens, closes, zone = _FORM.findall(text)[0]
            hours = cls(time.fromisoformat(opens), time.fromisoformat(closes), ZoneInfo(zone))
        except (ValueError, LookupError, OSError) as error:  # ZoneInfo raises any of them
            raise ValueError("Write opening hours like “06:00-22:00 Europe/Berlin”.") from error
        if hours.opens == hours.closes:
            raise ValueError(f"{text} has no hours. Leave opening hours empty if stores are always open.")
        return hours

    def contain(self, at: datetime) -> bool:
        local = at.astimezone(self.zone).time()
        if self.opens <= self.closes:
            return self.opens <= local < self.closes
        return local >= self.opens or local < self.closes

    @property
    def hours(self) -> float:
        """Their length."""
        minutes = (self.closes.hour - self.opens.hour) * 60 + self.closes.minute - self.opens.minute
        return (minutes % (24 * 60)) / 60
