"""Stored goals: one document a month, and one for each version that was saved."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from tillstream.goals.targets import TARGET_FIELDS, Goal, GoalMeasure, GoalTarget
from tillstream.model import audit
from tillstream.model.dates import Month
from tillstream.model.document_json import decimal_text
from tillstream.model.errors import Conflict, NotFound, Rejected
from tillstream.ports import Ports
from tillstream.ports.documents import AFTER_ANY, Document, Put
from tillstream.records import audit_log

GOALS_COLLECTION = "goals"
VERSIONS_COLLECTION = "goal_versions"
MAX_GOALS = 5_000
"""Goals of one month; its document stays below the limit of a document store."""
GoalKey = tuple[GoalTarget, GoalMeasure]
GoalChanges = Mapping[Month, Mapping[GoalKey, Goal | None]]
"""New goals by month; None: the goal is removed."""


@dataclass(frozen=True)
class GoalsOfMonth:
    """All goals of a month. version: 0 before the first was saved."""

    month: Month
    goals: Mapping[GoalKey, Goal]
    version: int = 0


@dataclass(frozen=True)
class GoalsVersion:
    """A version of the goals of a month. at: ISO 8601. source: where they come from, such as the name of a file."""

    month: str
    number: int
    at: str
    by: str
    source: str
    changed: tuple[tuple[GoalTarget, GoalMeasure, Goal | None, Goal | None], ...]
    """target, measure, the goal before and after."""


def read_goals(ports: Ports, month: Month) -> GoalsOfMonth:
    """The goals of a month."""
    return _decode_month(month, ports.documents.get(GOALS_COLLECTION, str(month)))


def read_all_goals(ports: Ports) -> list[GoalsOfMonth]:
    """The goals of each month that has some, earliest first."""
    return [one for one in goals_ever_saved(ports) if one.goals]


def goals_ever_saved(ports: Ports) -> list[GoalsOfMonth]:
    """The goals of each month that was ever saved, also those of which all were removed, earliest first."""
    documents = ((Month.parse(one.id), one) for one in ports.documents.find(GOALS_COLLECTION))
    return sorted((_decode_month(month, one) for month, one in documents if month), key=lambda one: one.month)


def goal_versions(ports: Ports, month: Month, limit: int = 100) -> list[GoalsVersion]:
    """The versions of a month, newest first."""
    first, last = f"{month}.", f"{month}.{AFTER_ANY}"
    documents = ports.documents.find(VERSIONS_COLLECTION, descending=True, limit=limit, above=first, below=last)
    return [_decode_version(one.data) for one in documents]


def save_goals(
    ports: Ports, changes: GoalChanges, *, by: str, source: str, expected: Mapping[Month, int] | None = None
) -> int:
    """Save changes of several months together; return the number of goals that are new, changed or removed.

    expected: the versions that the changes were made from; None: any. Raises `Conflict` if another version was saved
    meanwhile, `Rejected` for too many goals.
    """
    puts: list[Put] = []
    count = 0
    for month, wanted in sorted(changes.items()):
        before = read_goals(ports, month)
        if expected is not None and expected.get(month, before.version) != before.version:
            raise Conflict(f"The goals of {month} were changed meanwhile.")
        after = {key: goal for key, goal in {**before.goals, **wanted}.items() if goal is not None}
        if after == before.goals:
            continue
        if len(after) > MAX_GOALS:
            raise Rejected(f"{month} would have {len(after):,} goals; a month can have {MAX_GOALS:,}.")
        changed = [key for key in {**before.goals, **after} if before.goals.get(key) != after.get(key)]
        puts += _puts(ports, before, after, changed, by, source)
        count += len(changed)
    if puts:
        ports.documents.put_all(puts)
    return count


def restore_version(
    ports: Ports, month: Month, number: int, *, by: str, may_change: Callable[[GoalTarget], bool] = lambda _target: True
) -> int:
    """Save an earlier version again, as a new one; return the number of changed goals.

    may_change: whether the user may change a target. Raises `NotFound`, `Conflict`, `Rejected`.
    """
    document = ports.documents.get(VERSIONS_COLLECTION, _version_id(month, number))
    if document is None:
        raise NotFound(f"{month} has no version {number} of its goals.")
    earlier, now = _goals(document.data["goals"]), read_goals(ports, month)
    wanted = {key: earlier.get(key) for key in {**now.goals, **earlier} if now.goals.get(key) != earlier.get(key)}
    if not all(may_change(target) for target, _ in wanted):
        raise Rejected("This version has goals that you cannot change.")
    return save_goals(ports, {month: wanted}, by=by, source=f"version {number}", expected={month: now.version})


def _puts(
    ports: Ports, before: GoalsOfMonth, after: Mapping[GoalKey, Goal], changed: Sequence[GoalKey], by: str, source: str
) -> list[Put]:
    number, month = before.version + 1, str(before.month)
    goals = [encode_goal(goal) for _, goal in sorted(after.items())]
    version = {
        "month": month,
        "number": number,
        "at": ports.clock.now().isoformat(timespec="seconds"),
        "by": by,
        "source": source[:200],
        "changed": [
            {"before": _side(before.goals.get(key)), "after": _side(after.get(key))} for key in sorted(changed)
        ],
        "goals": goals,
    }
    sides = ({"goals": len(before.goals)}, {"goals": len(after), "changed": len(changed), "version": number})
    return [
        Put(GOALS_COLLECTION, month, {"goals": goals}, if_version=before.version),
        Put(VERSIONS_COLLECTION, _version_id(before.month, number), version, if_version=0),
        audit_log.entry(ports, by, audit.AuditAction.GOALS_CHANGED, f"goals of {month}", *sides),
    ]


def _version_id(month: Month, number: int) -> str:
    return f"{month}.{number:06}"


def _decode_month(month: Month, document: Document | None) -> GoalsOfMonth:
    return (
        GoalsOfMonth(month, _goals(document.data["goals"]), document.version) if document else GoalsOfMonth(month, {})
    )


def _goals(rows: Sequence[Mapping[str, Any]]) -> dict[GoalKey, Goal]:
    return {goal.key: goal for goal in map(decode_goal, rows)}


def encode_goal(goal: Goal) -> dict[str, str]:
    """A goal as JSON."""
    row = goal.target.filled | {"measure": goal.measure.value, "amount": decimal_text(goal.amount)}
    return row | ({"currency": goal.currency} if goal.currency else {})


def _side(goal: Goal | None) -> dict[str, str] | None:
    return encode_goal(goal) if goal else None


def decode_goal(row: Mapping[str, Any]) -> Goal:
    """The goal of its JSON. Raises `KeyError`, `ValueError`, `ArithmeticError`."""
    return Goal(
        GoalTarget(**{name: row[name] for name in TARGET_FIELDS if name in row}),
        GoalMeasure(row["measure"]),
        Decimal(row["amount"]),
        row.get("currency", ""),
    )


def _decode_version(data: Mapping[str, Any]) -> GoalsVersion:
    sides = [(decode_goal(row["before"] or row["after"]), row["before"], row["after"]) for row in data["changed"]]
    changed = tuple(
        (one.target, one.measure, decode_goal(before) if before else None, decode_goal(after) if after else None)
        for one, before, after in sides
    )
    return GoalsVersion(data["month"], data["number"], data["at"], data["by"], data["source"], changed)
