"""What a change of expectations does to the calendar, and the e-mail about missing days."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from tillstream.analytics.completeness import Cell, Row, State

LISTED = 20
"""Maximum number of days that an e-mail lists."""
EFFECTS = {
    State.MISSING: "missing",
    State.LATE: "late",
    State.DUE: "expected, but not due yet",
    State.NOTHING: "days on which nothing is expected",
    State.QUIET: "days with a file and no sales",
    State.ARRIVED: "arrived",
}


@dataclass(frozen=True)
class Email:
    """Plain text."""

    subject: str
    body: str


def missing_days_email(row: Row, sender: str) -> Email | None:
    """The e-mail about the missing days of a region or store; None if none is missing."""
    missing = [cell for cell in row.cells if cell.state is State.MISSING]
    if not missing:
        return None
    what = f"store {row.store} in {row.region}" if row.store else row.region
    days = "\n- ".join(_named(cell) for cell in missing[:LISTED])
    more = f"\n- and {len(missing) - LISTED} more days" if len(missing) > LISTED else ""
    others = f" and {len(missing) - 1} more {'day' if len(missing) == 2 else 'days'}" if len(missing) > 1 else ""
    return Email(
        f"Missing sales of {what}: {_day(missing[0].day)}{others}",
        f"Dear colleagues,\n\nthe sales of {what} for these days have not arrived:\n- {days}{more}\n\n"
        f"Please send them, or tell us if nothing was sold.\n\nKind regards\n{sender}",
    )


def effects(before: Sequence[Row], after: Sequence[Row]) -> list[str]:
    """Sentences about the days of regions whose state differs between two calendars of the same days."""
    states = {(row.region, cell.day): cell.state for row in before for cell in row.cells}
    changed: Counter[tuple[date, State]] = Counter()
    for row in after:
        for cell in row.cells:
            if cell.state is not states.get((row.region, cell.day), State.NOTHING):
                changed[cell.day.replace(day=1), cell.state] += 1
    return [
        f"{count} {'day' if count == 1 else 'days'} of {month:%B %Y} {'becomes' if count == 1 else 'become'} "
        f"{EFFECTS.get(state, state.value)}."
        for (month, state), count in sorted(changed.items())
    ]


def _named(cell: Cell) -> str:
    words = _day(cell.day)
    if cell.silent_stores:
        words += f" (stores {', '.join(cell.silent_stores)})"
    if cell.due:
        words += f", due on {cell.due.day} {cell.due:%B at %H:%M} ({cell.due.tzinfo})"
    return words


def _day(day: date) -> str:
    return f"{day.day} {day:%B %Y}"
