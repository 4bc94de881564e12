"""Import of goals from a file: its rows are read and checked, then the good ones are saved."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from tillstream.goals import stored_goals
from tillstream.goals.target_sales import TargetNames, UnknownName
from tillstream.goals.targets import TARGET_FIELDS, Goal, GoalLevel, GoalMeasure, GoalTarget
from tillstream.model import catalogue_columns
from tillstream.model.catalogue_columns import CellProblem, EntryColumn
from tillstream.model.dates import Month
from tillstream.model.errors import Rejected
from tillstream.model.limits import LIMITS
from tillstream.pipeline.tabular import RowProblem, TableRow, UnusableCell, read_rows
from tillstream.ports import Ports

MONTH, AMOUNT = "month", "amount"
_c = EntryColumn
GOAL_COLUMNS = (
    _c(MONTH, headers=("period",)),
    _c("region"),
    _c("store", headers=("storeid", "storecode", "storename", "branch")),
    _c("salesperson", headers=("salespersonid", "seller", "employee", "person", "rep")),
    _c("category", headers=("productcategory", "department")),
    _c("measure", headers=("metric", "kpi"), default=GoalMeasure.REVENUE.value),
    _c(AMOUNT, headers=("goal", "target", "value", "budget")),
    _c("currency", headers=("currencycode",)),
)


@dataclass(frozen=True)
class ReadGoal:
    """A goal of a row. amount None: an empty cell, which removes the goal."""

    line: int
    month: Month
    goal: Goal
    is_removal: bool
    cells: Mapping[str, str]


@dataclass(frozen=True)
class ReadGoals:
    """goals: of the good rows. headers: of the columns that were read."""

    goals: Sequence[ReadGoal]
    refused: Sequence[RowProblem]
    rows: int
    ignored_headers: Sequence[str]


@dataclass(frozen=True)
class GoalReader:
    """What rows are checked against. currency_of: the usual currency by region; of the company under an empty name."""

    names: TargetNames
    currency_of: Mapping[str, str]
    month: Month | None = None
    """The month of rows without one."""

    def read(self, content: bytes) -> ReadGoals:
        """Read a file. Raises `Rejected` if it cannot be read or has no column of amounts."""
        table = read_rows(content, GOAL_COLUMNS, LIMITS)
        months = {header: month for header in table.ignored_headers if (month := Month.parse(header))}
        if months:
            table = read_rows(content, (*GOAL_COLUMNS, *(_c(header) for header in months)), LIMITS)
        present = {name for row in table.rows for name in row.cells}
        if not months and AMOUNT not in present:
            raise Rejected(
                "The file has no amounts. Give it the columns region, store, salesperson, category, measure and either "
                "month and amount, or one column for each month, such as 2026-11."
            )
        of_rows, refused = table.convert(lambda row: self._row(row, months))
        once, repeated = _without_repeated([goal for goals in of_rows for goal in goals])
        ignored = [header for header in table.ignored_headers if header not in months]
        return ReadGoals(once, sorted([*refused, *repeated], key=lambda one: one.line), len(table), ignored)

    def _row(self, row: TableRow, months: Mapping[str, Month]) -> list[ReadGoal]:
        cells = {name: text.strip() for name, text in row.cells.items()}
        measure = _read_measure(cells.get("measure", ""))
        try:
            target = self.names.find(*(cells.get(name, "") for name in TARGET_FIELDS))
        except UnknownName as error:
            remedy = "Correct the name, or add it to the catalogue first."
            raise UnusableCell(error.field, "", str(error), remedy, f"unknown-{error.field}") from error
        if measure is GoalMeasure.ORDERS and target.level is GoalLevel.CATEGORY:
            message = "A category has no goal in orders: an order can have products of several categories."
            raise UnusableCell("measure", "", message, "Use revenue, units or margin.", "orders-of-a-category")
        currency = self._currency(cells, measure, target.region)
        wanted = [(header, month) for header, month in months.items()] or [(AMOUNT, self._month(cells))]
        return [
            ReadGoal(row.line, month, Goal(target, measure, amount or Decimal(0), currency), amount is None, row.cells)
            for header, month in wanted
            if (amount := parse_goal_amount(cells[header], measure, currency, header)) is not None or header == AMOUNT
        ]

    def _month(self, cells: Mapping[str, str]) -> Month:
        text = cells.get(MONTH, "")
        if not text and self.month:
            return self.month
        month = Month.parse(text[:7] if len(text) == 10 else text)
        if month is None:
            remedy = "Write year and month, such as 2026-11."
            raise UnusableCell(MONTH, text, f"“{text}” is not a month.", remedy, "wrong-month")
        return month

    def _currency(self, cells: Mapping[str, str], measure: GoalMeasure, region: str) -> str:
        if not measure.is_money:
            return ""
        try:
            written = catalogue_columns.parse_currency(cells.get("currency", ""))
        except CellProblem as error:
            remedy = "Use a code of ISO 4217, such as EUR."
            message = f"“{error.value}” is not a currency."
            raise UnusableCell("currency", error.value, message, remedy, "unknown-currency") from error
        return written or self.currency_of.get(region) or self.currency_of[""]


def goal_reader(names: TargetNames, currency_of: Callable[[GoalTarget], str], month: Month | None = None) -> GoalReader:
    """A reader for these names. currency_of: the usual currency of a target."""
    return GoalReader(names, {region: currency_of(GoalTarget(region)) for region in ("", *names.regions)}, month)


def _read_measure(text: str) -> GoalMeasure:
    word = text.casefold()
    if word in {"", *GoalMeasure}:
        return GoalMeasure(word or GoalMeasure.REVENUE)
    choices = ", ".join(GoalMeasure)
    message = f"“{text}” is not a measure of goals."
    raise UnusableCell("measure", text, message, f"Use one of {choices}.", "wrong-measure")


def parse_goal_amount(cell: str, measure: GoalMeasure, currency: str, column: str = AMOUNT) -> Decimal | None:
    """The amount of a cell; None if it is empty. Raises `UnusableCell`."""
    if not cell.strip():
        return None
    try:
        amount = catalogue_columns.parse_number(cell)
    except CellProblem as error:
        message = f"“{cell}” is not a number{error.detail}."
        raise UnusableCell(column, cell, message, "Write it as 1234.50.", "wrong-number") from error
    if amount < 0:
        raise UnusableCell(column, cell, f"{cell} is below 0.", "Enter 0 or more.", "negative-amount")
    if amount != round(amount, measure.digits(currency)):
        what = f"decimals beyond those of {currency}" if currency else f"decimals; {measure.value} are whole numbers"
        raise UnusableCell(column, cell, f"{cell} has {what}.", "Round the amount.", "too-many-decimals")
    return amount


def _without_repeated(goals: Sequence[ReadGoal]) -> tuple[list[ReadGoal], list[RowProblem]]:
    """Goals that are there once, and one refusal for each row with a goal that is there more often."""
    by_key: dict[tuple[object, ...], list[ReadGoal]] = {}
    for one in goals:
        by_key.setdefault((one.month, *one.goal.key), []).append(one)
    lines = {one.line: each for each in by_key.values() if len(each) > 1 for one in each}
    refused = []
    for line, same in sorted(lines.items()):
        others = ", ".join(str(one.line) for one in same if one.line != line) or str(line)
        message = f"The goal of {same[0].month} in {same[0].goal.measure.value} is also in line {others}."
        cells = next(one.cells for one in same if one.line == line)
        refused.append(_whole_row("repeated-goal", message, "Keep one of the rows.", line, cells))
    return [one for one in goals if one.line not in lines], refused


def _whole_row(code: str, message: str, remedy: str, line: int, cells: Mapping[str, str]) -> RowProblem:
    return RowProblem("", "", message, remedy, code, line=line, cells=cells)


@dataclass(frozen=True)
class ImportedGoals:
    """saved: goals that are new, changed or removed. same: goals that were stored already."""

    rows: int
    saved: int
    same: int
    months: Sequence[Month]
    refused: Sequence[RowProblem]
    ignored_headers: Sequence[str]


def import_goals(
    ports: Ports,
    reader: GoalReader,
    content: bytes,
    *,
    by: str,
    source: str,
    may_change: Callable[[GoalTarget], bool] = lambda _target: True,
    dry: bool = False,
) -> ImportedGoals:
    """Save the good rows of a file. Raises `Rejected` if it cannot be read, `Conflict` if goals change meanwhile.

    may_change: whether the user may change a target. dry: save nothing.
    """
    table = reader.read(content)
    allowed = [one for one in table.goals if may_change(one.goal.target)]
    others = (one for one in table.goals if not may_change(one.goal.target))
    refused = [*table.refused, *map(_not_permitted, others)]
    changes: dict[Month, dict[stored_goals.GoalKey, Goal | None]] = {}
    for one in allowed:
        changes.setdefault(one.month, {})[one.goal.key] = None if one.is_removal else one.goal
    changed = Counter[Month]()
    for month, wanted in changes.items():
        stored = stored_goals.read_goals(ports, month).goals
        changed[month] = sum(stored.get(key) != goal for key, goal in wanted.items())
    saved = changed.total() if dry else stored_goals.save_goals(ports, changes, by=by, source=source)
    return ImportedGoals(
        table.rows,
        saved,
        len(allowed) - saved,
        sorted(month for month, count in changed.items() if count),
        sorted({one.line: one for one in refused}.values(), key=lambda one: one.line),
        table.ignored_headers,
    )


def _not_permitted(one: ReadGoal) -> RowProblem:
    return _whole_row("not-permitted", "You cannot set this goal.", "Ask an administrator.", one.line, one.cells)
