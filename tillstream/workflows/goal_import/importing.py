"""Save the goals of a file."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tillstream.domain.goals.goal import Goal, Target
from tillstream.goals import records
from tillstream.model.months import Month
from tillstream.ports import Ports
from tillstream.workflows.goal_import.rows import GoalReader, ReadGoal, RefusedRow


@dataclass(frozen=True)
class ImportedGoals:
    """saved: goals that are new, changed or removed. same: goals that were stored already."""

    rows: int
    saved: int
    same: int
    months: Sequence[Month]
    refused: Sequence[RefusedRow]
    ignored_headers: Sequence[str]


def import_goals(
    ports: Ports,
    reader: GoalReader,
    content: bytes,
    *,
    by: str,
    source: str,
    may_change: Callable[[Target], bool] = lambda _target: True,
    dry: bool = False,
) -> ImportedGoals:
    """Save the good rows of a file. Raises `Rejected` if it cannot be read, `Conflict` if goals change meanwhile.

    may_change: whether the user may change a target. dry: save nothing.
    """
    table = reader.read(content)
    allowed = [one for one in table.goals if may_change(one.goal.target)]
    others = (one for one in table.goals if not may_change(one.goal.target))
    refused = [*table.refused, *map(_not_permitted, others)]
    changes: dict[Month, dict[records.Key, Goal | None]] = {}
    for one in allowed:
        changes.setdefault(one.month, {})[one.goal.key] = None if one.is_removal else one.goal
    changed = Counter[Month]()
    for month, wanted in changes.items():
        stored = records.read(ports, month).goals
        changed[month] = sum(stored.get(key) != goal for key, goal in wanted.items())
    saved = changed.total() if dry else records.save(ports, changes, by=by, source=source)
    return ImportedGoals(
        table.rows,
        saved,
        len(allowed) - saved,
        sorted(month for month, count in changed.items() if count),
        sorted({one.line: one for one in refused}.values(), key=lambda one: one.line),
        table.ignored_headers,
    )


def _not_permitted(one: ReadGoal) -> RefusedRow:
    return RefusedRow(one.line, "not-permitted", "", "You cannot set this goal.", "Ask an administrator.", one.cells)
