"""Import of goals from a file: its rows are read and checked, then the good ones are saved."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from tillstream.goals import stored_goals
from tillstream.goals.target_sales import TargetNames, UnknownName
from tillstream.goals.targets import Goal, GoalLevel, GoalMeasure, GoalTarget
from tillstream.model import catalogue_columns
from tillstream.model.catalogue_columns import CellProblem, EntryColumn
from tillstream.model.dates import Month
from tillstream.model.errors import Rejected
from tillstream.model.limits import LIMITS
from tillstream.pipeline.tabular import TableRow, read_rows
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
class RejectedGoalRow:
    """A row that is not saved. cells: by column name, as written. field: empty if it concerns the whole row."""

    line: int
    code: str
    field: str
    message: str
    remedy: str
    cells: Mapping[str, str]


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
    refused: Sequence[RejectedGoalRow]
    rows: int
    ignored_headers: Sequence[str]


class AmountProblem(Exception):
    """The text of an amount cannot be read."""

    def __init__(self, code: str, message: str, remedy: str) -> None:
        super().__init__(message)
        self.code, self.remedy = code, remedy


class _Rejection(Exception):
    def __init__(self, code: str, field: str, message: str, remedy: str) -> None:
        super().__init__(message)
        self.code, self.field, self.remedy = code, field, remedy


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
        goals: list[ReadGoal] = []
        refused: list[RejectedGoalRow] = []
        for row in table.rows:
            try:
                goals += self._row(row, months)
            except _Rejection as error:
                refused.append(_rejected_row(row, error))
        once, repeated = _without_repeated(goals)
        ignored = [header for header in table.ignored_headers if header not in months]
        return ReadGoals(once, sorted([*refused, *repeated], key=lambda one: one.line), len(table.rows), ignored)

    def _row(self, row: TableRow, months: Mapping[str, Month]) -> list[ReadGoal]:
        if row.unreadable:
            remedy = "Correct the quotation marks and separators of the row."
            raise _Rejection("unreadable-row", "", f"The row cannot be read: {row.unreadable}.", remedy)
        cells = {name: text.strip() for name, text in row.cells.items()}
        if not any(cells.values()):
            return []
        measure = _read_measure(cells.get("measure", ""))
        try:
            target = self.names.find(*(cells.get(name, "") for name in ("region", "store", "salesperson", "category")))
        except UnknownName as error:
            remedy = "Correct the name, or add it to the catalogue first."
            raise _Rejection(f"unknown-{error.field}", error.field, str(error), remedy) from error
        if measure is GoalMeasure.ORDERS and target.level is GoalLevel.CATEGORY:
            message = "A category has no goal in orders: an order can have products of several categories."
            raise _Rejection("orders-of-a-category", "measure", message, "Use revenue, units or margin.")
        currency = self._currency(cells, measure, target.region)
        wanted = [(header, month) for header, month in months.items()] or [(AMOUNT, self._month(cells))]
        return [
            ReadGoal(row.line, month, Goal(target, measure, amount or Decimal(0), currency), amount is None, row.cells)
            for header, month in wanted
            if (amount := _read_amount(header, cells[header], measure, currency)) is not None or header == AMOUNT
        ]

    def _month(self, cells: Mapping[str, str]) -> Month:
        text = cells.get(MONTH, "")
        if not text and self.month:
            return self.month
        month = Month.parse(text[:7] if len(text) == 10 else text)
        if month is None:
            raise _Rejection(
                "wrong-month", MONTH, f"“{text}” is not a month.", "Write year and month, such as 2026-11."
            )
        return month

    def _currency(self, cells: Mapping[str, str], measure: GoalMeasure, region: str) -> str:
        if not measure.is_money:
            return ""
        try:
            written = catalogue_columns.parse_currency(cells.get("currency", ""))
        except CellProblem as error:
            remedy = "Use a code of ISO 4217, such as EUR."
            raise _Rejection("unknown-currency", "currency", f"“{error.value}” is not a currency.", remedy) from error
        return written or self.currency_of.get(region) or self.currency_of[""]


def goal_reader(names: TargetNames, currency_of: Callable[[GoalTarget], str], month: Month | None = None) -> GoalReader:
    """A reader for these names. currency_of: the usual currency of a target."""
    return GoalReader(names, {region: currency_of(GoalTarget(region)) for region in ("", *names.regions)}, month)


def _read_measure(text: str) -> GoalMeasure:
    word = text.casefold()
    if word in {"", *GoalMeasure}:
        return GoalMeasure(word or GoalMeasure.REVENUE)
    choices = ", ".join(GoalMeasure)
    raise _Rejection("wrong-measure", "measure", f"“{text}” is not a measure of goals.", f"Use one of {choices}.")


def parse_goal_amount(cell: str, measure: GoalMeasure, currency: str) -> Decimal | None:
    """The amount of a cell; None if it is empty. Raises `AmountProblem`."""
    if not cell.strip():
        return None
    try:
        amount = catalogue_columns.parse_number(cell)
    except CellProblem as error:
        raise AmountProblem(
            "wrong-number", f"“{cell}” is not a number{error.detail}.", "Write it as 1234.50."
        ) from error
    if amount < 0:
        raise AmountProblem("negative-amount", f"{cell} is below 0.", "Enter 0 or more.")
    if amount != round(amount, measure.digits(currency)):
        what = f"decimals beyond those of {currency}" if currency else f"decimals; {measure.value} are whole numbers"
        raise AmountProblem("too-many-decimals", f"{cell} has {what}.", "Round the amount.")
    return amount


def _read_amount(field: str, cell: str, measure: GoalMeasure, currency: str) -> Decimal | None:
    try:
        return parse_goal_amount(cell, measure, currency)
    except AmountProblem as problem:
        raise _Rejection(problem.code, field, str(problem), problem.remedy) from problem


def _without_repeated(goals: Sequence[ReadGoal]) -> tuple[list[ReadGoal], list[RejectedGoalRow]]:
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
        refused.append(RejectedGoalRow(line, "repeated-goal", "", message, "Keep one of the rows.", cells))
    return [one for one in goals if one.line not in lines], refused


def _rejected_row(row: TableRow, error: _Rejection) -> RejectedGoalRow:
    return RejectedGoalRow(row.line, error.code, error.field, str(error), error.remedy, row.cells)


@dataclass(frozen=True)
class ImportedGoals:
    """saved: goals that are new, changed or removed. same: goals that were stored already."""

    rows: int
    saved: int
    same: int
    months: Sequence[Month]
    refused: Sequence[RejectedGoalRow]
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


def _not_permitted(one: ReadGoal) -> RejectedGoalRow:
    return RejectedGoalRow(
        one.line, "not-permitted", "", "You cannot set this goal.", "Ask an administrator.", one.cells
    )
