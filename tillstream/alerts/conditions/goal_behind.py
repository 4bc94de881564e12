"""Regions and stores that are behind their goal of the month."""

from datetime import datetime
from decimal import Decimal

from tillstream.alerts.condition import AlertSources, Condition, at_least_lower, day_text
from tillstream.alerts.observations import Observation
from tillstream.alerts.rules import AlertRule
from tillstream.goals.standings import GoalStanding, MonthOfGoals
from tillstream.goals.targets import GoalLevel, GoalMeasure
from tillstream.model.dates import Month
from tillstream.model.money import amount_text
from tillstream.model.text import upper_first

LEVELS = (GoalLevel.COMPANY, GoalLevel.REGION, GoalLevel.STORE)


def _evaluate(sources: AlertSources, rule: AlertRule, at: datetime) -> list[Observation]:
    month = Month.from_day(at.date())
    read = MonthOfGoals(sources.ports, sources.contracts, sources.currency, month, sources.cache)
    entered = {goal.target for goal in read.stored.goals.values() if goal.measure is GoalMeasure.REVENUE}
    targets = [one for one in entered if one.level in LEVELS and rule.covers_place(one.region, one.store or None)]
    standings = read.standings(GoalMeasure.REVENUE).of_all(targets) if targets else []
    observations = (_observation(sources, rule, month, one) for one in standings)
    return at_least_lower(rule, (one for one in observations if one))


CONDITIONS = {"goal-behind": Condition(_evaluate)}


def _observation(sources: AlertSources, rule: AlertRule, month: Month, one: GoalStanding) -> Observation | None:
    """None before the first day of the rule, and if what was sold is not less than expected."""
    if one.through is None or one.through.day < rule.parameters["first_day"]:
        return None
    if not one.expected or one.expected <= one.sold:
        return None
    behind = round((one.expected - one.sold) / one.expected * 100)
    target = one.target
    place = sources.place(target.region, target.store or None)
    return Observation(
        f"{target.region}/{target.store}/{month}",
        f"{upper_first(place)} is {behind}% behind its goal of {month.first:%B}",
        Decimal(behind),
        rule.threshold,
        f"Revenue until {day_text(one.through)} is {amount_text(one.sold, one.currency)} {one.currency}; "
        f"expected were {amount_text(one.expected, one.currency)}.",
        target.region,
        target.store or None,
        f"/goals?month={month}",
    )
