"""Read the audit log from the command line."""

from dataclasses import dataclass
from datetime import date
from itertools import islice

from tillstream.app import App
from tillstream.commands.result import Progress, Result
from tillstream.model.errors import Rejected
from tillstream.records import audit_log


@dataclass(frozen=True, kw_only=True)
class Audit:
    """Filter of entries, as `AuditFilter`. since, until: days as in 2026-07-01."""

    limit: int = 50
    since: str = ""
    until: str = ""
    who: str = ""
    what: str = ""
    subject: str = ""
    text: str = ""


def audit(app: App, progress: Progress, arguments: Audit) -> Result:
    """Return entries, newest first."""
    audit_filter = audit_log.AuditFilter(
        since=_day(arguments.since),
        until=_day(arguments.until),
        who=arguments.who,
        what=arguments.what,
        subject=arguments.subject,
        text=arguments.text,
    )
    entries = islice(audit_log.find_entries(app.ports, audit_filter), arguments.limit)
    return Result([entry.to_json() for entry in entries])


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError as error:
        raise Rejected(f"{text} is not a day. Use the format 2026-07-01.") from error
