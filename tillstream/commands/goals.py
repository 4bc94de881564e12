"""`tillstream goals …`: what is reached of the goals of a month, and import from a file."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypedDict

from tillstream.commands.declaration import Group, InputFile, Option, read_file
from tillstream.commands.printing import ImportProblem, print_line, print_problems, problem_rows, show_rows
from tillstream.commands.result import COMMAND_LINE, DONE, FAILED, QUARANTINED, Result
from tillstream.model.dates import Month
from tillstream.model.errors import Rejected
from tillstream.model.money import round_to_digits

if TYPE_CHECKING:
    from tillstream.app import App
    from tillstream.goals.goal_import import ImportedGoals
    from tillstream.goals.standings import MonthOfGoals

goals = Group("goals")
GOAL_MEASURES = ("revenue", "units", "margin", "orders")
GOAL_LEVELS = ("company", "region", "store", "salesperson", "category")
GOAL_COLUMNS = (
    "target", "currency", "goal", "sold", "of goal", "complete until", "sold until then", "expected until then",
    "end of month", "needed a day",
)  # fmt: skip
"""sold until then: of the days that the expected part of the goal is for."""


class GoalRow(TypedDict):
    """How a target is reached in a month. Amounts are texts; None: not known."""

    region: str
    store: str
    salesperson: str
    category: str
    currency: str
    goal: str | None
    reached: str | None
    sold: str
    sold_since: str
    expected: str | None
    projected: str | None
    required_per_day: str | None
    complete_through: str | None


def show_goal_standings(*, rows: list[GoalRow], month: str, measure: str) -> None:
    """Print the standings of a month."""
    if not any(row["goal"] for row in rows):
        print_line(f"There are no goals for {month}. Import them with: tillstream goals import FILE")
    cells = [dict(zip(GOAL_COLUMNS, _goal_cells(row), strict=True)) for row in rows]
    name = f"goals of {month}, {measure}"
    show_rows({"name": name, "columns": list(GOAL_COLUMNS), "rows": cells, "cut": False})


def show_goal_import(
    *, ignored_columns: list[str], refused: list[ImportProblem], saved: bool, months: list[str], file: str, goals: int
) -> None:
    """Print what was saved, and the rows that were not."""
    print_problems(ignored_columns, refused, len(refused))
    done = "saved" if saved else "would be saved"
    names = f" for {', '.join(months)}" if months else ""
    print_line(f"{file}: {goals:,} goals {done}{names}; {len(refused):,} rows to fix.")


def _goal_cells(row: GoalRow) -> list[Any]:
    names = filter(None, (row["region"], row["store"], row["salesperson"], row["category"]))
    reached = f"{Decimal(row['reached']):.0%}" if row["reached"] else None
    sold = _rounded(str(Decimal(row["sold"]) + Decimal(row["sold_since"])))
    numbers = (row["sold"], row["expected"], row["projected"], row["required_per_day"])
    return [
        " / ".join(names) or "company",
        row["currency"],
        _rounded(row["goal"]),
        sold,
        reached,
        row["complete_through"],
        *map(_rounded, numbers),
    ]


def _rounded(text: str | None) -> str | None:
    return None if text is None else f"{round_to_digits(Decimal(text), 0):,f}"


@goals.command("", show_goal_standings, reads=True)
def show_goals(
    app: "App",
    *,
    month: Annotated[str, Option("Month; default: this month.", metavar="YYYY-MM")] = "",
    measure: Annotated[str, Option("Measure of the goals.", choices=GOAL_MEASURES)] = "revenue",
    level: Annotated[str, Option("Default: the company and its regions.", choices=GOAL_LEVELS)] = "",
) -> Result:
    """See what is reached of the goals of a month, or import goals."""
    from tillstream.goals.published_standings import standing_row
    from tillstream.goals.targets import GoalLevel, GoalMeasure, GoalTarget

    chosen, of_measure = _month(app, month), GoalMeasure(measure)
    standings = _read(app, chosen).standings(of_measure)
    levels = [GoalLevel(level)] if level else [GoalLevel.COMPANY, GoalLevel.REGION]
    targets: list[GoalTarget] = [one for each in levels for one in standings.tree.of_level(each)]
    rows = [standing_row(one, of_measure) for one in standings.of_all(targets)]
    return Result({"month": str(chosen), "measure": measure, "rows": rows})


@goals.command("import", show_goal_import)
def import_goal_file(
    app: "App",
    file: InputFile,
    *,
    month: Annotated[str, Option("Month of rows without one; default: this month.", metavar="YYYY-MM")] = "",
    dry: Annotated[bool, Option("Show what would change without storing anything.", names=("--dry-run",))] = False,
) -> Result:
    """Import goals from a CSV file or a workbook. Good rows are saved; others are listed with their problem.

    Columns: month, region, store, salesperson, category, measure, amount, currency; or a column for each month.
    """
    from tillstream.goals import target_sales
    from tillstream.goals.goal_import import goal_reader, import_goals

    default_month, content, name = _month(app, month), read_file(file), Path(file).name
    read, regions = _read(app, default_month), app.contracts.regions_to_choose()
    listed = target_sales.read_target_names(app.ports, read.sales, regions, default_month.first)
    reader = goal_reader(listed, read.currency_of, default_month)
    done = import_goals(app.ports, reader, content, by=COMMAND_LINE, source=name, dry=dry)
    saved_any = bool(done.saved or done.same)
    code = DONE if not done.refused else QUARANTINED if saved_any else FAILED
    return Result(_imported(done, name, dry=dry), code)


def _month(app: "App", text: str) -> Month:
    if not text:
        today: date = app.ports.clock.now().date()
        return Month.from_day(today)
    month = Month.parse(text)
    if month is None:
        raise Rejected(f"“{text}” is not a month. Write year and month, such as 2026-11.")
    return month


def _read(app: "App", month: Month) -> "MonthOfGoals":
    from tillstream.goals.standings import MonthOfGoals

    return MonthOfGoals(app.ports, app.contracts, app.settings.reporting_currency, month, app.queries)


def _imported(done: "ImportedGoals", file: str, *, dry: bool) -> Mapping[str, Any]:
    return {
        "file": file,
        "saved": not dry,
        "rows": done.rows,
        "goals": done.saved,
        "same": done.same,
        "months": [str(month) for month in done.months],
        "refused": problem_rows(done.refused, "line", "code", "column", "message", "remedy", limit=None),
        "ignored_columns": list(done.ignored_headers),
    }
