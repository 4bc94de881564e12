"""What a page of goals is about, from its address: the month, the measure and the target."""

from collections.abc import Collection, Mapping
from typing import Any

from flask import abort, g, request

from portal.context import ports, scope, tillstream
from portal.translation import N_, _
from portal.value_names import value_name
from tillstream.goals import published_standings, target_sales
from tillstream.goals.standings import MonthOfGoals
from tillstream.goals.target_sales import TargetNames
from tillstream.goals.targets import WITHOUT_VALUE, GoalLevel, GoalMeasure, GoalTarget
from tillstream.model.dates import Month
from tillstream.model.errors import Rejected
from tillstream.model.people import may_change
from tillstream.model.permissions import Action

MEASURES = N_(
    {
        GoalMeasure.REVENUE: "Revenue",
        GoalMeasure.UNITS: "Units",
        GoalMeasure.MARGIN: "Margin",
        GoalMeasure.ORDERS: "Orders",
    }
)
LEVELS = N_(
    {
        GoalLevel.COMPANY: "Company",
        GoalLevel.REGION: "Regions",
        GoalLevel.STORE: "Stores",
        GoalLevel.SALESPERSON: "Salespeople",
        GoalLevel.CATEGORY: "Categories",
    }
)
_WITHOUT = N_(
    {
        GoalLevel.REGION: "No region",
        GoalLevel.STORE: "No store",
        GoalLevel.SALESPERSON: "No salesperson",
        GoalLevel.CATEGORY: "No category",
    }
)


def month() -> Month:
    """The month in the address, else that of today. Raises `Rejected`."""
    text = request.args.get("month", "")
    if not text:
        return Month.from_day(ports().clock.now().date())
    parsed = Month.parse(text)
    if parsed is None:
        raise Rejected(_("“{text}” is not a month. Write year and month, such as 2026-11.", text=text))
    return parsed


def measures() -> tuple[GoalMeasure, ...]:
    """The measures that the user may see."""
    may_see_costs = scope().may(Action.SEE_COSTS)
    return tuple(one for one in GoalMeasure if one is not GoalMeasure.MARGIN or may_see_costs)


def measure(values: Mapping[str, str] | None = None) -> GoalMeasure:
    """The measure in the address or in these values, else revenue. Raises `Rejected`."""
    text = (request.args if values is None else values).get("measure", "") or GoalMeasure.REVENUE.value
    if text not in set(GoalMeasure):
        raise Rejected(
            _("There is no measure “{text}”. Use one of {measures}.", text=text, measures=", ".join(measures()))
        )
    if GoalMeasure(text) not in measures():
        abort(403)
    return GoalMeasure(text)


def target() -> GoalTarget | None:
    """As `any_target`; 404 if the user does not see all its sales."""
    one = any_target()
    if one and not one.is_visible(scope()):
        abort(404)
    return one


def any_target() -> GoalTarget | None:
    """The target in the address; None if it names none. Raises `Rejected`."""
    return published_standings.parse_target(request.args)


def month_of_goals(of: Month) -> MonthOfGoals:
    """A month, read once in a request."""
    app = tillstream()
    kept: dict[Month, MonthOfGoals] = g.setdefault("months_of_goals", {})
    if of not in kept:
        kept[of] = MonthOfGoals(app.ports, app.contracts, app.settings.reporting_currency, of, app.queries)
    return kept[of]


def all_names(of: Month) -> TargetNames:
    """Everything that can have goals."""
    if "goal_names" not in g:
        app = tillstream()
        g.goal_names = target_sales.read_target_names(
            app.ports, month_of_goals(of).sales, app.contracts.regions_to_choose(), of.first
        )
    stored: TargetNames = g.goal_names
    return stored


def roots(of: Month) -> list[GoalTarget]:
    """The highest targets whose sales the user sees all of."""
    return published_standings.highest_targets(scope(), lambda: all_names(of))


def roots_within(of: Month, regions: Collection[str], stores: Collection[str]) -> list[GoalTarget]:
    """The highest targets of these regions and stores whose sales the user sees all of; empty: of all."""
    highest = roots(of)
    if not regions and not stores:
        return highest
    below = all_names(of).of_level(GoalLevel.STORE if stores else GoalLevel.REGION)
    return [
        one
        for one in dict.fromkeys((*highest, *below))
        if one.is_visible(scope()) and (not regions or one.region in regions) and (not stores or one.store in stores)
    ]


def label(one: GoalTarget) -> str:
    """The name of a target for people."""
    if one.level is GoalLevel.COMPANY:
        return _("All sales")
    code = one.filled[one.level]
    if code == WITHOUT_VALUE:
        return _WITHOUT[one.level]
    return value_name(one.level, code, one.region)


def args(one: GoalTarget, **more: Any) -> dict[str, Any]:
    """The address of a target, as arguments."""
    return one.filled | more


def may_edit(one: GoalTarget) -> bool:
    """Whether the user may enter a goal of the target."""
    return scope().may(Action.MANAGE_STOCK) and one.is_visible(scope()) and may_change(scope(), one.extent)


def where(one: GoalTarget) -> str:
    """The region and store of a target, for lists of several."""
    place = {
        GoalLevel.STORE: [one.region],
        GoalLevel.SALESPERSON: [one.region, label(GoalTarget(one.region, one.store))],
    }
    return ", ".join(place.get(one.level, [one.region] if one.category and one.region else []))
