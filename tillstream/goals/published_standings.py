"""Standings as users read them: which targets they see, rows of JSON, and the leader board of a store."""

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from tillstream.goals.standings import GoalStanding, Standings
from tillstream.goals.target_sales import TargetNames
from tillstream.goals.targets import TARGET_FIELDS, GoalLevel, GoalMeasure, GoalTarget
from tillstream.model import audit
from tillstream.model.document_json import decimal_text
from tillstream.model.errors import Rejected
from tillstream.model.people import Scope
from tillstream.model.permissions import Action
from tillstream.ports import Ports
from tillstream.ports.documents import Document, Update, update_document
from tillstream.records import audit_log

SETTINGS_COLLECTION, BOARD_SETTING = "goal_settings", "leader_board"
MANAGERS, EVERYONE, OFF = "managers", "everyone", "off"
MAX_PLACES = 10


def parse_target(values: Mapping[str, str]) -> GoalTarget | None:
    """The target of `TARGET_FIELDS` in these values; None if they name none. Raises `Rejected`."""
    fields = {name: values[name] for name in TARGET_FIELDS if values.get(name)}
    if not fields:
        return None
    one = GoalTarget(**fields)
    if (one.store and not one.region) or (one.salesperson and not one.store):
        raise Rejected("A store needs its region, and a salesperson the store.")
    return one


def highest_targets(scope: Scope, names: Callable[[], TargetNames]) -> list[GoalTarget]:
    """The highest targets whose sales the user sees all of. names: everything that can have goals."""
    if scope.salesperson is not None:
        own = [one for one in names().of_level(GoalLevel.SALESPERSON) if one.salesperson == scope.salesperson]
        return [one for one in own if one.is_visible(scope)]
    if scope.stores is not None:
        return [one for one in names().of_level(GoalLevel.STORE) if one.is_visible(scope)]
    if scope.regions is not None:
        return [GoalTarget(region) for region in scope.regions]
    return [GoalTarget()]


def chosen_targets(
    standings: Standings, scope: Scope, names: Callable[[], TargetNames], level: str, chosen: GoalTarget | None
) -> list[GoalTarget]:
    """The chosen target, or those of a level below it; without both the highest ones. Raises `Rejected`."""
    if not level:
        return [one for one in ([chosen] if chosen else highest_targets(scope, names)) if one.is_visible(scope)]
    if level not in set(GoalLevel):
        raise Rejected(f"There is no level “{level}”. Levels: {', '.join(GoalLevel)}.")
    listed = standings.tree.of_level(GoalLevel(level))
    if chosen:
        listed = [one for one in listed if chosen.filled.items() <= one.filled.items()]
    return [one for one in listed if one.is_visible(scope)]


def standing_row(one: GoalStanding, measure: GoalMeasure) -> dict[str, Any]:
    """The row of a standing."""
    goal, projection = one.goal, one.projection
    return (
        target_values(one.target)
        | {
            "level": one.target.level.value,
            "measure": measure.value,
            "currency": one.currency or None,
            "goal": _text(goal.amount) if goal else None,
            "origin": goal.origin if goal else None,
            "unassigned": _text(goal.unassigned) if goal else None,
            "sold": _text(one.sold),
            "complete_through": one.through.isoformat() if one.through else None,
            "sold_since": _text(one.since),
            "reached": _text(one.reached, 6),
            "expected": _text(one.expected),
            "projected": _text(projection.mean) if projection else None,
            "projected_low": _text(projection.low) if projection else None,
            "projected_high": _text(projection.high) if projection else None,
            "projection": projection.method if projection else None,
            "required_per_day": _text(one.required),
        }
        | ({"cost_coverage": _text(one.coverage)} if measure is GoalMeasure.MARGIN else {})
    )


def target_values(target: GoalTarget) -> dict[str, str | None]:
    """The fields of a target; None where it is not restricted."""
    return dict.fromkeys(TARGET_FIELDS) | target.filled


def _text(value: Decimal | int | None, digits: int | None = None) -> str | None:
    if value is None:
        return None
    return decimal_text(Decimal(value) if digits is None else round(Decimal(value), digits))


def leader_board_setting(ports: Ports) -> str:
    """Who sees leader boards: managers, everyone or off."""
    document = ports.documents.get(SETTINGS_COLLECTION, BOARD_SETTING)
    return str(document.data["shown"]) if document else MANAGERS


def save_leader_board_setting(ports: Ports, shown: str, *, by: str) -> None:
    """Set who sees leader boards."""

    def changed(document: Document | None) -> Update | Document | None:
        before = document.data["shown"] if document else MANAGERS
        if before == shown:
            return document
        sides = ({"shown": before}, {"shown": shown})
        entry = audit_log.entry(ports, by, audit.AuditAction.GOALS_SETTING_CHANGED, "leader board", *sides)
        return Update({"shown": shown}, [entry])

    update_document(ports.documents, SETTINGS_COLLECTION, BOARD_SETTING, changed)


def is_leader_board_shown(shown: str, scope: Scope) -> bool:
    """Whether a user sees the board of a store whose sales they see, or in which they sell."""
    if shown == OFF or not scope.may(Action.SEE_PERSONAL):
        return False
    return shown == EVERYONE or scope.salesperson is None


def leader_board_places(standings: Sequence[GoalStanding]) -> list[tuple[int, GoalTarget, Decimal]]:
    """Rank, salesperson and part of the goal, best first; equal parts share a rank, and only the best are listed."""
    ranked = sorted(((one.reached, one.target) for one in standings if one.reached is not None), key=_best_first)
    listed: list[tuple[int, GoalTarget, Decimal]] = []
    for number, (part, target) in enumerate(ranked, 1):
        rank = listed[-1][0] if listed and listed[-1][2] == part else number
        listed.append((rank, target, part))
    return listed[:MAX_PLACES]


def _best_first(one: tuple[Decimal, GoalTarget]) -> tuple[Decimal, GoalTarget]:
    return -one[0], one[1]
