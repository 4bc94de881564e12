"""The regions and stores of a month in one list: who is farthest behind what is expected by now comes first."""

from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from typing import Any

from flask import render_template
from flask.typing import ResponseReturnValue

from portal import list_view
from portal.access import allow
from portal.context import scope
from portal.goals import requested, texts
from tillstream.goals import published_standings
from tillstream.goals.standings import GoalStanding
from tillstream.goals.targets import GoalLevel
from tillstream.model.people import Action

SORTS = ("name", "kind", "goal", "sold", "expected", "part", "until", "ending")


@dataclass(frozen=True)
class Place:
    """A region or store that has a goal. part: sold ÷ expected − 1, both until the same day; None without it."""

    label: str
    region: str
    kind: str
    standing: GoalStanding

    @property
    def part(self) -> Decimal | None:
        one = self.standing
        return None if one.ahead is None or not one.expected else one.ahead / one.expected

    @property
    def ending(self) -> Decimal | None:
        """The expected end of the month as a fraction of the goal."""
        one = self.standing
        return one.projection.mean / one.goal.amount if one.projection and one.goal and one.goal.amount > 0 else None

    def row(self) -> dict[str, Any]:
        """What the list is sorted by, with the place."""
        one = self.standing
        return {
            "place": self,
            "name": self.label.casefold(),
            "kind": self.kind,
            "goal": one.goal.amount if one.goal else None,
            "sold": one.sold,
            "expected": one.expected,
            "part": self.part,
            "until": one.through,
            "ending": self.ending,
        }


@allow(Action.SEE_NUMBERS)
def show() -> ResponseReturnValue:
    """All regions and stores with a goal that the user sees, the worst first."""
    month, measure = requested.month(), requested.measure()
    standings = requested.month_of_goals(month).standings(measure)
    names = partial(requested.all_names, month)
    places = [
        Place(requested.label(one.target), one.target.region, texts.KINDS[level], one)
        for level in (GoalLevel.REGION, GoalLevel.STORE)
        for one in standings.of_all(published_standings.chosen_targets(standings, scope(), names, level.value, None))
        if one.goal
    ]
    query = list_view.list_query(sorts=SORTS, default_sort="part", keep=("month", "measure"))
    measured = [one for one in places if one.part is not None]
    return render_template(
        "goals/ranking.html",
        month=month,
        months=[month.plus(-1), month.plus(1)],
        measure=measure,
        measures=[(one, texts.MEASURES[one]) for one in requested.measures()],
        page=list_view.page_of(query, list_view.in_order([one.row() for one in places], query)),
        behind=sum(one.part < 0 for one in measured if one.part is not None),
        measured=len(measured),
        args=requested.args,
    )
