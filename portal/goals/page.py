"""The pages of goals: targets, the chart of a month, the ranking of regions and stores, and the start page's part."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from typing import Any

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue

from portal import list_view
from portal.access import allow
from portal.context import me, ports, scope
from portal.formats import amount_words
from portal.goals import requested
from portal.reader_locale import day_text
from portal.translation import N_, _
from portal.urls import go_to
from tillstream.goals import published_standings
from tillstream.goals.month_projection import FORECAST, PACE
from tillstream.goals.standings import SHARE, SUM, DayOfMonth, GoalStanding, Standings
from tillstream.goals.targets import LEVEL_BELOW, TARGET_FIELDS, WITHOUT_VALUE, GoalLevel, GoalMeasure, GoalTarget
from tillstream.model.dates import Month
from tillstream.model.errors import Rejected
from tillstream.model.permissions import Action

KINDS = N_({GoalLevel.REGION: "Region", GoalLevel.STORE: "Store"})
METHODS = N_({FORECAST: "from the forecast", PACE: "at the pace of the month so far"})
ORIGINS = N_(
    {SHARE: "A share of the goal above, by the sales of the last 12 months.", SUM: "The sum of the goals below."}
)
TAGS = N_({SHARE: "by share", SUM: "as sum"})
"""Origin of a goal that was not entered → the word beside its amount."""
BOARDS = N_(
    {
        "managers": "Managers and administrators see it",
        "everyone": "Salespeople see it too, as percentages",
        "off": "Nobody sees it",
    }
)

SOLD, EXPECTED = N_("Sold since the first day"), N_("Goal, spread over the days")
SHOWN = 5
TARGET_SORTS = ("name", "goal", "sold", "reached", "ahead", "projected", "required")
RANKING_SORTS = ("name", "kind", "goal", "sold", "expected", "part", "until", "ending")


def days_chart(each: Sequence[DayOfMonth], standing: GoalStanding, measure: str) -> dict[str, Any]:
    """A line of what was sold, and one of the goal if there is one. measure: its name for people."""
    series = [{"name": SOLD, "values": [_number(one.sold) for one in each]}]
    if standing.goal:
        series.append({"name": EXPECTED, "values": [_number(one.expected) for one in each]})
    return {
        "kind": "line",
        "period": "daily",
        "labels": [one.day.isoformat() for one in each],
        "currency": standing.currency,
        "measure": measure,
        "series": series,
    }


def describe_days(label: str, standing: GoalStanding) -> str:
    """The chart in a sentence, for screen readers."""
    sold = _("{label}: {amount_words} sold", label=label, amount_words=amount_words(standing.sold, standing.currency))
    until = _(" until {day_text}", day_text=day_text(standing.through)) if standing.through else ""
    aim = amount_words(standing.goal.amount, standing.currency) if standing.goal else ""
    goal = _(", of a goal of {goal}", goal=aim) if aim else ""
    return f"{sold}{until}{goal}."


def goal_bar(standing: GoalStanding) -> dict[str, float] | None:
    """Widths in percent of the goal for a progress bar: sold, and expected by now; None without a goal."""
    if standing.reached is None or standing.goal is None:
        return None
    expected = float(standing.expected or 0) / float(standing.goal.amount)
    return {"sold": min(max(float(standing.reached), 0), 1) * 100, "expected": min(expected, 1) * 100}


def _number(value: Any) -> float | None:
    return None if value is None else float(value)


def load_goals(selected: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    """The standings of the selected stores or regions, else of the highest targets of the user, in revenue, else in the
    first measure that has goals. selected: the filters as text.
    """
    regions, stores = (selected.get(name, ()) for name in ("region", "store"))
    month = Month.from_day(ports().clock.now().date())
    goals = requested.month_of_goals(month).stored.goals
    measure = next((one for one in requested.measures() if any(key[1] is one for key in goals)), GoalMeasure.REVENUE)
    standings: list[GoalStanding] = []
    if goals:
        standings = (
            requested.month_of_goals(month)
            .standings(measure)
            .of_all(requested.roots_within(month, regions, stores)[:SHOWN])
        )
    return {
        "month": month,
        "measure": measure,
        "rows": [(requested.label(one.target), one) for one in standings if one.goal],
        "chosen": bool(regions or stores),
        "ranks": scope().salesperson is None,
        "edits": scope().may(Action.MANAGE_STOCK),
        "args": requested.args,
        "goal_bar": goal_bar,
    }


@dataclass(frozen=True)
class TargetRow:
    """A standing with the name of its target."""

    label: str
    standing: GoalStanding

    def value(self, column: str) -> Any:
        """What the list is sorted by; None comes last."""
        one = self.standing
        values: dict[str, Any] = {
            "name": self.label.casefold(),
            "goal": one.goal.amount if one.goal else None,
            "sold": one.sold + one.since,
            "reached": one.reached,
            "ahead": one.ahead,
            "projected": one.projection.mean if one.projection else None,
            "required": one.required,
        }
        return values[column]


@allow(Action.SEE_NUMBERS)
def show_goals() -> ResponseReturnValue:
    """The goals of a month in one measure."""
    month, measure, chosen = requested.month(), requested.measure(), requested.target()
    roots = [] if chosen else requested.roots(month)
    target = chosen or (roots[0] if len(roots) == 1 else None)
    standings = requested.month_of_goals(month).standings(measure)
    axes = _axes(target)
    axis = next((one for one in axes if one.value == request.args.get("by")), axes[0] if axes else None)
    below = _below(standings, target, axis) if target else roots
    query = list_view.list_query(
        sorts=TARGET_SORTS, default_sort="name", keep=("month", "measure", "by", *TARGET_FIELDS)
    )
    rows = [TargetRow(requested.label(one.target), one) for one in standings.for_targets(below)]
    page = list_view.page_of(query, _sorted(rows, query))
    (standing,) = standings.for_targets([target]) if target else (None,)
    days = standings.days(target) if target and standing else []
    return render_template(
        "goals/show.html",
        month=month,
        months=[month.plus(-1), month.plus(1)],
        measure=measure,
        measures=[(one, requested.MEASURES[one]) for one in requested.measures()],
        target=target,
        label=requested.label(target) if target else _("Your goals"),
        crumbs=_crumbs(target, roots, month, measure),
        standing=standing,
        figure=days_chart(days, standing, requested.MEASURES[measure]) if standing and days else None,
        summary=describe_days(requested.label(target), standing) if target and standing else "",
        axes=[(one, requested.LEVELS[one]) for one in axes],
        axis=axis,
        heading=requested.LEVELS[axis] if axis else _("Your goals"),
        page=page,
        has_goals=bool(requested.month_of_goals(month).stored.goals),
        ranks=scope().salesperson is None,
        edits=scope().may(Action.MANAGE_STOCK),
        admin=scope().may(Action.ADMINISTER),
        board=_board(standings, target),
        boards=BOARDS,
        board_setting=published_standings.leader_board_setting(ports()),
        methods=METHODS,
        origins=ORIGINS,
        tags=TAGS,
        args=requested.args,
        goal_bar=goal_bar,
    )


@allow(Action.ADMINISTER)
def switch_board() -> ResponseReturnValue:
    """Who sees leader boards."""
    wanted = request.form.get("shown", "")
    if wanted not in BOARDS:
        raise Rejected(_("Choose who sees the leader board."))
    published_standings.save_leader_board_setting(ports(), wanted, by=me().login)
    return go_to("goals.show", _("The leader board is changed."))


def _axes(target: GoalTarget | None) -> list[GoalLevel]:
    """What the goal of a target can be divided by."""
    if target is None or target.level not in LEVEL_BELOW:
        return []
    places = [LEVEL_BELOW[target.level]]
    if target.level is GoalLevel.STORE:
        return places if scope().may(Action.SEE_PERSONAL) else []
    return [*places, GoalLevel.CATEGORY]


def _below(standings: Standings, target: GoalTarget, axis: GoalLevel | None) -> list[GoalTarget]:
    if axis is None:
        return []
    return [one for one in standings.tree.below(target, axis) if one.is_visible(scope())]


def _sorted(rows: list[TargetRow], query: list_view.ListQuery) -> list[TargetRow]:
    filled = [row for row in rows if row.value(query.column) is not None]
    filled.sort(key=lambda row: row.value(query.column), reverse=query.down)
    return filled + [row for row in rows if row.value(query.column) is None]


def _crumbs(target: GoalTarget | None, roots: list[GoalTarget], month: Month, measure: str) -> list[tuple[str, str]]:
    above: list[tuple[str, str]] = []
    parent = target.parent if target and target not in roots else None
    while parent is not None and parent.is_visible(scope()):
        address = url_for("goals.show", **requested.args(parent, month=month, measure=measure))
        above.insert(0, (address, requested.label(parent)))
        parent = parent.parent
    return above


def _board(standings: Standings, target: GoalTarget | None) -> list[tuple[int, str, Decimal, bool]]:
    """The leader board of a store: rank, name, part of the goal, and whether it is the user."""
    user, shown = scope(), published_standings.leader_board_setting(ports())
    if (
        target is None
        or target.store in {"", WITHOUT_VALUE}
        or not published_standings.is_leader_board_shown(shown, user)
    ):
        return []
    store = GoalTarget(target.region, target.store)
    members = [one for one in standings.tree.below(store, GoalLevel.SALESPERSON) if one.salesperson != WITHOUT_VALUE]
    places = published_standings.leader_board_places(standings.for_targets(members))
    return [(rank, requested.label(one), part, one.salesperson == user.salesperson) for rank, one, part in places]


@dataclass(frozen=True)
class RankedPlace:
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
def show_ranking() -> ResponseReturnValue:
    """All regions and stores with a goal that the user sees, the worst first."""
    month, measure = requested.month(), requested.measure()
    standings = requested.month_of_goals(month).standings(measure)
    names = partial(requested.all_names, month)
    places = [
        RankedPlace(requested.label(one.target), one.target.region, KINDS[level], one)
        for level in (GoalLevel.REGION, GoalLevel.STORE)
        for one in standings.of_all(published_standings.chosen_targets(standings, scope(), names, level.value, None))
        if one.goal
    ]
    query = list_view.list_query(sorts=RANKING_SORTS, default_sort="part", keep=("month", "measure"))
    measured = [one for one in places if one.part is not None]
    return render_template(
        "goals/ranking.html",
        month=month,
        months=[month.plus(-1), month.plus(1)],
        measure=measure,
        measures=[(one, requested.MEASURES[one]) for one in requested.measures()],
        page=list_view.page_of(query, list_view.in_order([one.row() for one in places], query)),
        behind=sum(one.part < 0 for one in measured if one.part is not None),
        measured=len(measured),
        args=requested.args,
    )
