"""Which targets a user reads: the highest ones, one that is named, or all of a level."""

from collections.abc import Callable, Mapping

from tillstream.domain.goals.goal import FIELDS, Level, Target
from tillstream.goals.names import Names
from tillstream.goals.standings import Standings
from tillstream.model.errors import Rejected
from tillstream.model.people import Scope


def target_of(values: Mapping[str, str]) -> Target | None:
    """The target of `FIELDS` in these values; None if they name none. Raises `Rejected`."""
    fields = {name: values[name] for name in FIELDS if values.get(name)}
    if not fields:
        return None
    one = Target(**fields)
    if (one.store and not one.region) or (one.salesperson and not one.store):
        raise Rejected("A store needs its region, and a salesperson the store.")
    return one


def roots(scope: Scope, names: Callable[[], Names]) -> list[Target]:
    """The highest targets whose sales the user sees all of. names: everything that can have goals."""
    if scope.salesperson is not None:
        own = [one for one in names().of_level(Level.SALESPERSON) if one.salesperson == scope.salesperson]
        return [one for one in own if one.is_visible(scope)]
    if scope.stores is not None:
        return [one for one in names().of_level(Level.STORE) if one.is_visible(scope)]
    if scope.regions is not None:
        return [Target(region) for region in scope.regions]
    return [Target()]


def targets(
    standings: Standings, scope: Scope, names: Callable[[], Names], level: str, chosen: Target | None
) -> list[Target]:
    """The chosen target, or those of a level below it; without both the highest ones. Raises `Rejected`."""
    if not level:
        return [one for one in ([chosen] if chosen else roots(scope, names)) if one.is_visible(scope)]
    if level not in set(Level):
        raise Rejected(f"There is no level “{level}”. Levels: {', '.join(Level)}.")
    listed = standings.tree.of_level(Level(level))
    if chosen:
        listed = [one for one in listed if chosen.filled.items() <= one.filled.items()]
    return [one for one in listed if one.is_visible(scope)]
