"""What the command line can read of the audit log, as a plain function beside those of `commands`."""

from datetime import date
from itertools import islice

from tillstream.app import App
from tillstream.audit import reading
from tillstream.commands.result import Progress, Result
from tillstream.domain.errors import Rejected


def audit(app: App, progress: Progress, *, limit: int = 50, since: str = "", until: str = "", **asked: str) -> Result:
    """Entries newest first; asked: who, what, subject, text."""
    wanted = reading.Asked(since=_day(since), until=_day(until), **asked)
    return Result([entry.to_json() for entry in islice(reading.newest(app.ports, wanted), limit)])


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError as error:
        raise Rejected(f"{text} is not a day; write it like 2026-07-01.") from error
