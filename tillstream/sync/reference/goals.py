"""Goals as reference data: a group for each month. Only goals that name a region are exchanged."""

import json
from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from decimal import Decimal

from tillstream.goals import stored_goals
from tillstream.goals.stored_goals import GoalKey, GoalsOfMonth
from tillstream.goals.targets import TARGET_FIELDS, Goal, GoalMeasure, GoalTarget
from tillstream.model.errors import Conflict, Rejected
from tillstream.model.months import Month
from tillstream.ports import Ports
from tillstream.sync.reference.entries import NOT_OF_A_REGION, Change, Group, Page, Reference, Saved

KIND = "goals"


def groups(ports: Ports, regions: Collection[str]) -> Iterator[Group]:
    """Yield the groups of the months whose goals were ever saved."""
    for stored in stored_goals.goals_ever_saved(ports):
        yield group_of(stored, regions)


def page(ports: Ports, regions: Collection[str], groups: Collection[str], after: str) -> Page:
    """The goals of one month."""
    names = sorted(name for name in groups if name > after)
    if not names:
        return Page()
    month = Month.parse(names[0].partition(":")[2])
    if month is None:
        return Page(after=names[0])
    group = group_of(stored_goals.read_goals(ports, month), regions)
    return Page(tuple(group.entries.values()), names[0] if names[1:] else "", {group.name: group.version})


def group_of(stored: GoalsOfMonth, regions: Collection[str]) -> Group:
    """The goals of a month that concern a home with these regions."""
    name = f"{KIND}:{stored.month}"
    own = [goal for goal in stored.goals.values() if goal.target.region in regions]
    entries = [Reference(name, _key_text(goal.key), stored_goals.encode_goal(goal), stored.version) for goal in own]
    return Group(name, {one.key: one for one in entries}, stored.version)


def save(ports: Ports, changes: Sequence[Change], by: str, regions: Collection[str]) -> list[Saved]:
    """Save goals as the other side has them. regions: of the home.

    Raises `KeyError`, `TypeError`, `ValueError`, `ArithmeticError` for other content.
    """
    results: dict[int, Saved] = {}
    by_month: defaultdict[Month, list[int]] = defaultdict(list)
    for place, change in enumerate(changes):
        by_month[month_of(change.entry)].append(place)
    for month, places in by_month.items():
        stored = stored_goals.read_goals(ports, month)
        group, wanted = group_of(stored, regions), dict[GoalKey, Goal | None]()
        for place in places:
            change = changes[place]
            key, goal = _goal_of(change.entry)
            current = group.get(change.entry.key)
            if key[0].region not in regions:
                results[place] = Saved(why=NOT_OF_A_REGION)
            elif current.digest not in (change.expected, change.entry.digest):
                results[place] = Saved()
            else:
                wanted[key] = goal
        result = _save(ports, stored, wanted, by)
        results |= {place: result for place in places if place not in results}
    return [results[place] for place in range(len(changes))]


def _save(ports: Ports, stored: GoalsOfMonth, wanted: dict[GoalKey, Goal | None], by: str) -> Saved:
    try:
        stored_goals.save_goals(
            ports, {stored.month: wanted}, by=by, source="sync", expected={stored.month: stored.version}
        )
    except Conflict:
        return Saved()
    except Rejected as error:
        return Saved(why=str(error))
    return Saved(stored_goals.read_goals(ports, stored.month).version)


def month_of(reference: Reference) -> Month:
    """The month of a goal. Raises `ValueError`."""
    month = Month.parse(reference.group.partition(":")[2])
    if month is None:
        raise ValueError(reference.group)
    return month


def key_of(reference: Reference) -> GoalKey:
    """The target and the measure of a goal. Raises `ValueError`."""
    *target, measure = json.loads(reference.key)
    if len(target) != len(TARGET_FIELDS) or not all(isinstance(one, str) for one in target):
        raise ValueError(reference.key)
    return GoalTarget(*target), GoalMeasure(measure)


def _goal_of(reference: Reference) -> tuple[GoalKey, Goal | None]:
    target, measure = key = key_of(reference)
    if reference.content is None:
        return key, None
    goal = stored_goals.decode_goal(reference.content)
    if goal.key != key or not Decimal(0) <= goal.amount < Decimal(10) ** 15:
        raise ValueError(reference.key)
    return (target, measure), goal


def _key_text(key: GoalKey) -> str:
    target, measure = key
    return json.dumps([*(getattr(target, name) for name in TARGET_FIELDS), measure.value], separators=(",", ":"))
