"""Read goals from the bytes of a file: one row for a goal, or one row for a target with a column for each month."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from tillstream.domain.catalogue import cell_values
from tillstream.domain.catalogue.cell_values import CellProblem
from tillstream.domain.catalogue.columns import EntryColumn
from tillstream.domain.goals.goal import Goal, GoalMeasure, Level, Target
from tillstream.goals.names import Names, UnknownName
from tillstream.model.errors import Rejected
from tillstream.model.limits import LIMITS
from tillstream.model.months import Month
from tillstream.workflows.catalogue_import.read_file import FileRow, read

MONTH, AMOUNT = "month", "amount"
_c = EntryColumn
COLUMNS = (
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
class RefusedRow:
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
    refused: Sequence[RefusedRow]
    rows: int
    ignored_headers: Sequence[str]


class AmountProblem(Exception):
    """The text of an amount cannot be read."""

    def __init__(self, code: str, message: str, remedy: str) -> None:
        super().__init__(message)
        self.code, self.remedy = code, remedy


class _Refused(Exception):
    def __init__(self, code: str, field: str, message: str, remedy: str) -> None:
        super().__init__(message)
        self.code, self.field, self.remedy = code, field, remedy


@dataclass(frozen=True)
class GoalReader:
    """What rows are checked against. currency_of: the usual currency by region; of the company under an empty name."""

    names: Names
    currency_of: Mapping[str, str]
    month: Month | None = None
    """The month of rows without one."""

    def read(self, content: bytes) -> ReadGoals:
        """Read a file. Raises `Rejected` if it cannot be read or has no column of amounts."""
        table = read(content, COLUMNS, LIMITS)
        months = {header: month for header in table.ignored_headers if (month := Month.parse(header))}
        if months:
            table = read(content, (*COLUMNS, *(_c(header) for header in months)), LIMITS)
        present = {name for row in table.rows for name in row.cells}
        if not months and AMOUNT not in present:
            raise Rejected(
                "The file has no amounts. Give it the columns region, store, salesperson, category, measure and either "
                "month and amount, or one column for each month, such as 2026-11."
            )
        goals: list[ReadGoal] = []
        refused: list[RefusedRow] = []
        for row in table.rows:
            try:
                goals += self._row(row, months)
            except _Refused as error:
                refused.append(_refused(row, error))
        once, repeated = _without_repeated(goals)
        ignored = [header for header in table.ignored_headers if header not in months]
        return ReadGoals(once, sorted([*refused, *repeated], key=lambda one: one.line), len(table.rows), ignored)

    def _row(self, row: FileRow, months: Mapping[str, Month]) -> list[ReadGoal]:
        if row.unreadable:
            remedy = "Correct the quotation marks and separators of the row."
            raise _Refused("unreadable-row", "", f"The row cannot be read: {row.unreadable}.", remedy)
        cells = {name: text.strip() for name, text in row.cells.items()}
        if not any(cells.values()):
            return []
        measure = _measure(cells.get("measure", ""))
        try:
            target = self.names.find(*(cells.get(name, "") for name in ("region", "store", "salesperson", "category")))
        except UnknownName as error:
            remedy = "Correct the name, or add it to the catalogue first."
            raise _Refused(f"unknown-{error.field}", error.field, str(error), remedy) from error
        if measure is GoalMeasure.ORDERS and target.level is Level.CATEGORY:
            message = "A category has no goal in orders: an order can have products of several categories."
            raise _Refused("orders-of-a-category", "measure", message, "Use revenue, units or margin.")
        currency = self._currency(cells, measure, target.region)
        wanted = [(header, month) for header, month in months.items()] or [(AMOUNT, self._month(cells))]
        return [
            ReadGoal(row.line, month, Goal(target, measure, amount or Decimal(0), currency), amount is None, row.cells)
            for header, month in wanted
            if (amount := _amount(header, cells[header], measure, currency)) is not None or header == AMOUNT
        ]

    def _month(self, cells: Mapping[str, str]) -> Month:
        text = cells.get(MONTH, "")
        if not text and self.month:
            return self.month
        month = Month.parse(text[:7] if len(text) == 10 else text)
        if month is None:
            raise _Refused("wrong-month", MONTH, f"“{text}” is not a month.", "Write year and month, such as 2026-11.")
        return month

    def _currency(self, cells: Mapping[str, str], measure: GoalMeasure, region: str) -> str:
        if not measure.is_money:
            return ""
        try:
            written = cell_values.currency(cells.get("currency", ""))
        except CellProblem as error:
            remedy = "Use a code of ISO 4217, such as EUR."
            raise _Refused("unknown-currency", "currency", f"“{error.value}” is not a currency.", remedy) from error
        return written or self.currency_of.get(region) or self.currency_of[""]


def reader_of(names: Names, currency_of: Callable[[Target], str], month: Month | None = None) -> GoalReader:
    """A reader for these names. currency_of: the usual currency of a target."""
    return GoalReader(names, {region: currency_of(Target(region)) for region in ("", *names.regions)}, month)


def _measure(text: str) -> GoalMeasure:
    word = text.casefold()
    if word in {"", *GoalMeasure}:
        return GoalMeasure(word or GoalMeasure.REVENUE)
    choices = ", ".join(GoalMeasure)
    raise _Refused("wrong-measure", "measure", f"“{text}” is not a measure of goals.", f"Use one of {choices}.")


def parse_amount(cell: str, measure: GoalMeasure, currency: str) -> Decimal | None:
    """The amount of a cell; None if it is empty. Raises `AmountProblem`."""
    if not cell.strip():
        return None
    try:
        amount = cell_values.number(cell)
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


def _amount(field: str, cell: str, measure: GoalMeasure, currency: str) -> Decimal | None:
    try:
        return parse_amount(cell, measure, currency)
    except AmountProblem as problem:
        raise _Refused(problem.code, field, str(problem), problem.remedy) from problem


def _without_repeated(goals: Sequence[ReadGoal]) -> tuple[list[ReadGoal], list[RefusedRow]]:
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
        refused.append(RefusedRow(line, "repeated-goal", "", message, "Keep one of the rows.", cells))
    return [one for one in goals if one.line not in lines], refused


def _refused(row: FileRow, error: _Refused) -> RefusedRow:
    return RefusedRow(row.line, error.code, error.field, str(error), error.remedy, row.cells)
