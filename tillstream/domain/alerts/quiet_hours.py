"""Hours in which notices are kept until the morning."""

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo, available_timezones

from tillstream.model.errors import Rejected


@dataclass(frozen=True)
class QuietHours:
    """From `start` to `end` on the clock of a time zone; over midnight if `end` is earlier."""

    start: time
    end: time
    zone: str

    @classmethod
    def parse(cls, start: str, end: str, zone: str) -> "QuietHours | None":
        """Times such as 22:00; None if both are empty. Raises `Rejected`."""
        if not start and not end:
            return None
        if zone not in available_timezones():
            raise Rejected(f"“{zone}” is not a time zone. Name one such as Europe/London.")
        try:
            hours = cls(time.fromisoformat(start), time.fromisoformat(end), zone)
        except ValueError as error:
            raise Rejected("Quiet hours are two times such as 22:00 and 07:00.") from error
        if hours.start == hours.end:
            raise Rejected("Quiet hours must end at another time than they start.")
        return hours

    def contain(self, at: datetime) -> bool:
        local = at.astimezone(ZoneInfo(self.zone)).time()
        if self.start < self.end:
            return self.start <= local < self.end
        return local >= self.start or local < self.end

    def due(self, at: datetime) -> datetime:
        """The instant, or the end of the quiet hours that contain it."""
        if not self.contain(at):
            return at
        local = at.astimezone(ZoneInfo(self.zone))
        end = local.replace(hour=self.end.hour, minute=self.end.minute, second=0, microsecond=0)
        ended = (end if end > local else end + timedelta(days=1)).astimezone(UTC)
        return max(ended, at)  # a local time that a change of the clocks repeats may be earlier
