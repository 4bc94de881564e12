"""The grid in which the goals of a year are entered, and the versions of a month."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from flask import flash, render_template, request
from flask.typing import ResponseReturnValue

from portal import list_view
from portal.access import allow
from portal.context import me, ports, scope, tillstream
from portal.goals import requested
from portal.translation import _, ngettext
from portal.urls import go_to
from tillstream.goals import stored_goals
from tillstream.goals.goal_import import parse_goal_amount
from tillstream.goals.target_sales import target_dimensions, target_of_row
from tillstream.goals.targets import Goal, GoalLevel, GoalMeasure, GoalTarget
from tillstream.model.dates import Month
from tillstream.model.document_json import decimal_text
from tillstream.model.errors import Conflict, Rejected
from tillstream.model.money import CURRENCIES, amount_text
from tillstream.model.permissions import Action
from tillstream.pipeline.tabular import UnusableCell

SIZE = 40
"""Rows of one page of the grid."""
FIRST_YEAR, LAST_YEAR = 2000, 2100

SHOWN_VERSIONS = 50
"""Changes that are listed of one version."""


@dataclass
class Line:
    """A row of the grid. cells: the text of each month, as stored or as entered. shares: goals that follow from those
    above or below, with the currency if it is another one."""

    target: GoalTarget
    label: str
    where: str
    currency: str
    cells: dict[Month, str]
    stored: Mapping[Month, str]
    shares: Mapping[Month, str] = field(default_factory=dict)
    year_before: Mapping[Month, Decimal] = field(default_factory=dict)
    errors: dict[Month, str] = field(default_factory=dict)

    @property
    def was(self) -> str:
        """The amounts that the form shows, to notice what the user changes."""
        return "|".join(self.stored.get(month, "") for month in self.cells)

    @property
    def key(self) -> str:
        """The target as text, for the names of its fields."""
        return "|".join((self.target.region, self.target.store, self.target.salesperson, self.target.category))


@dataclass(frozen=True)
class Grid:
    """What the grid is about: the goals of a level in one measure and year."""

    level: GoalLevel
    measure: GoalMeasure
    year: int
    within: str
    """Region of the rows; empty for all that the user sees."""

    @property
    def months(self) -> list[Month]:
        january = Month.parse(f"{self.year}-01")
        return [january.plus(number) for number in range(12)] if january else []

    @property
    def args(self) -> dict[str, Any]:
        return {"level": self.level, "measure": self.measure, "year": self.year, "region": self.within}


@allow(Action.MANAGE_STOCK)
def show_grid() -> ResponseReturnValue:
    """The grid with the stored goals."""
    return _page(_grid(request.args))


@allow(Action.MANAGE_STOCK)
def save_grid() -> ResponseReturnValue:
    """Save all cells of the page, or none if one of them is wrong."""
    grid = _grid(request.form)
    lines, page = _lines(grid)
    changes: dict[Month, dict[stored_goals.GoalKey, Goal | None]] = {}
    for line in lines:
        _read_line(grid, line, changes)
    if any(line.errors for line in lines):
        return _page(grid, lines, page), 422
    expected = {month: requested.month_of_goals(month).stored.version for month in grid.months}
    try:
        count = stored_goals.save_goals(ports(), changes, by=me().login, source="grid", expected=expected)
    except Conflict:
        flash(_("Somebody saved goals at the same moment. Your entries are still here; save them again."), "wrong")
        return _page(grid, lines, page), 409
    message = (
        ngettext("{number} goal is saved.", "{number} goals are saved.", count) if count else _("Nothing changed.")
    )
    return go_to("goals.edit", message, **grid.args, page=page.query.page)


def _grid(values: Mapping[str, str]) -> Grid:
    levels = _levels()
    level = values.get("level", "") or levels[0].value
    if level not in set(levels):
        raise Rejected(_("There is no grid of “{level}”.", level=level))
    year = values.get("year", "") or str(ports().clock.now().year)
    if not year.isdecimal() or not FIRST_YEAR <= int(year) <= LAST_YEAR:
        raise Rejected(_("“{year}” is not a year from {first} to {last}.", year=year, first=FIRST_YEAR, last=LAST_YEAR))
    measure = requested.measure(values)
    if measure is GoalMeasure.ORDERS and level == GoalLevel.CATEGORY:
        level = levels[0].value
    return Grid(GoalLevel(level), measure, int(year), values.get("region", ""))


def _levels() -> list[GoalLevel]:
    """Levels of which the user may enter goals."""
    user = scope()
    if user.stores is not None:
        return [GoalLevel.STORE, GoalLevel.SALESPERSON]
    if user.regions is not None:
        return [GoalLevel.REGION, GoalLevel.STORE, GoalLevel.SALESPERSON, GoalLevel.CATEGORY]
    return list(GoalLevel)


def _lines(grid: Grid) -> tuple[list[Line], list_view.ListPage]:
    """The lines of the page with the stored goals."""
    newest = grid.months[0]
    targets = [one for one in requested.all_names(newest).of_level(grid.level) if requested.may_edit(one)]
    if grid.within:
        targets = [one for one in targets if one.region == grid.within]
    number = list_view.page_number(request.form if request.method == "POST" else request.args)
    page = list_view.page_of(list_view.ListQuery(page=number, size=SIZE, kept=grid.args), targets)
    stored = {month: requested.month_of_goals(month).stored.goals for month in grid.months}
    lines = []
    for target in page.rows:
        own = {month: goals[target, grid.measure] for month, goals in stored.items() if (target, grid.measure) in goals}
        usual = requested.month_of_goals(newest).currency_of(target)
        currency = next((goal.currency for goal in own.values()), usual)
        cells = {month: decimal_text(own[month].amount) if month in own else "" for month in grid.months}
        names = requested.label(target), requested.where(target)
        lines.append(Line(target, *names, currency if grid.measure.is_money else "", cells, dict(cells)))
    return lines, page


def _year_before(grid: Grid) -> dict[GoalTarget, dict[Month, Decimal]]:
    """What was sold in the same months of the year before, in the usual currency of the target."""
    first, last = grid.months[0].plus(-12).first, grid.months[-1].plus(-12).last
    reader, sold = requested.month_of_goals(grid.months[0]), dict[GoalTarget, dict[Month, Decimal]]()
    names = requested.all_names(grid.months[0])
    by_currency: dict[str, list[GoalTarget]] = {}
    for target in names.of_level(grid.level):
        by_currency.setdefault(reader.currency_of(target) if grid.measure.is_money else "", []).append(target)
    for currency, targets in by_currency.items():
        wanted, digits = set(targets), grid.measure.digits(currency)
        for by in {target_dimensions(target) for target in targets}:
            for row in reader.sales.rows((grid.measure.value,), ("month", *by), first, last, currency):
                target, amount = target_of_row(row), row[grid.measure.value]
                if target in wanted and amount:
                    sold.setdefault(target, {})[Month(row["month"]).plus(12)] = round(Decimal(amount), digits)
    return sold


def _read_line(grid: Grid, line: Line, changes: dict[Month, dict[stored_goals.GoalKey, Goal | None]]) -> None:
    """Read the fields of a line into its cells and the changes; wrong ones become errors.

    Cells that the user left as they were keep what is stored now.
    """
    posted = request.form.get(f"currency|{line.key}", line.currency).strip().upper()
    if grid.measure.is_money and posted not in CURRENCIES:
        line.errors[grid.months[0]] = _("“{posted}” is not a currency.", posted=posted)
        return
    is_other_currency = grid.measure.is_money and posted != line.currency
    line.currency = posted if grid.measure.is_money else ""
    shown = request.form.get(f"was|{line.key}", "").split("|")
    for month, was in zip(grid.months, shown if len(shown) == len(grid.months) else line.cells.values(), strict=True):
        stored, text = line.cells[month], request.form.get(f"{month}|{line.key}", was).strip()
        if text == was and not (is_other_currency and text):
            continue
        line.cells[month] = text
        if stored not in {was, text}:
            now = _("is now {stored}", stored=stored) if stored else _("was removed")
            line.errors[month] = _("Somebody changed this goal meanwhile: it {now}. Save again to replace it.", now=now)
        try:
            amount = parse_goal_amount(text, grid.measure, line.currency)
        except UnusableCell as problem:
            line.errors[month] = str(problem)
            continue
        goal = None if amount is None else Goal(line.target, grid.measure, amount, line.currency)
        changes.setdefault(month, {})[line.target, grid.measure] = goal


def _page(grid: Grid, lines: Sequence[Line] | None = None, page: list_view.ListPage | None = None) -> str:
    if lines is None or page is None:
        lines, page = _lines(grid)
    _add_shares(grid, lines)
    before = _year_before(grid)
    for line in lines:
        line.year_before = before.get(line.target, {})
    user, this_year = scope(), ports().clock.now().year
    regions = sorted(requested.all_names(grid.months[0]).selling_regions if user.regions is None else user.regions)
    return render_template(
        "goals/edit.html",
        grid=grid,
        lines=lines,
        page=page,
        levels=[(one.value, requested.LEVELS[one]) for one in _levels()],
        measures=[(one.value, requested.MEASURES[one]) for one in requested.measures()],
        regions=[(one, one) for one in regions],
        years=[(str(year), str(year)) for year in sorted({*range(this_year - 1, this_year + 3), grid.year})],
        errors=[(line, month, text) for line in lines for month, text in line.errors.items()],
        currencies=sorted({line.currency for line in lines} | {tillstream().settings.reporting_currency}),
        now=Month.from_day(ports().clock.now().date()),
    )


def _add_shares(grid: Grid, lines: Sequence[Line]) -> None:
    """Goals that are not entered but follow from others, in the months that have any goals of the measure."""
    shares: dict[GoalTarget, dict[Month, str]] = {}
    for month in grid.months:
        standings = requested.month_of_goals(month).standings(grid.measure)
        if not standings.tree.entered:
            continue
        for line in lines:
            goal = standings.tree.goal(line.target)
            if goal and line.target not in standings.tree.entered:
                own = goal.currency == line.currency
                text = (
                    decimal_text(goal.amount) if own else f"{amount_text(goal.amount, goal.currency)} {goal.currency}"
                )
                shares.setdefault(line.target, {})[month] = text
    for line in lines:
        line.shares = shares.get(line.target, {})


@allow(Action.MANAGE_STOCK)
def show_history() -> ResponseReturnValue:
    """The versions of a month with the changes that the user may see."""
    month = requested.month()
    versions = []
    for version in stored_goals.goal_versions(ports(), month):
        changed = [one for one in version.changed if one[0].is_visible(scope()) and one[1] in requested.measures()]
        versions.append((version, changed[:SHOWN_VERSIONS], len(changed) - SHOWN_VERSIONS))
    return render_template(
        "goals/history.html",
        month=month,
        months=[month.plus(-1), month.plus(1)],
        versions=versions,
        label=requested.label,
        measures=requested.MEASURES,
    )


@allow(Action.MANAGE_STOCK)
def restore_version() -> ResponseReturnValue:
    """Save an earlier version again."""
    month, number = Month.parse(request.form.get("month", "")), request.form.get("version", 0, type=int)
    if month is None:
        raise Rejected(_("Choose a month."))
    try:
        stored_goals.restore_version(ports(), month, number, by=me().login, may_change=requested.may_edit)
    except Conflict as error:
        raise Rejected(_("{error} Look at the newest version first.", error=error)) from error
    return go_to(
        "goals.history", _("Version {number} of {month} is restored.", number=number, month=month), month=month
    )
