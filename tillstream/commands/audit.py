"""Read the audit log from the command line."""

from datetime import date
from itertools import islice

from tillstream.app import App
from tillstream.audit import reading
from tillstream.commands.result import Progress, Result
from tillstream.domain.errors import Rejected


def audit(app: App, progress: Progress, *, limit: int = 50, since: str = "", until: str = "", **filters: str) -> Result:
    """Return entries, newest first. filters: who, what, subject, text."""
    audit_filter = reading.AuditFilter(since=_day(since), until=_day(until), **filters)
    return Result([entry.to_json() for entry in islice(reading.find_entries(app.ports, audit_filter), limit)])


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError as error:
        raise Rejected(f"{text} is not a day; write it like 2026-07-01.") from error
