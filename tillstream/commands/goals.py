"""Goals of a month on the command line: what is reached, and import from a file."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from tillstream.app import App
from tillstream.commands.result import COMMAND_LINE, DONE, FAILED, QUARANTINED, Progress, Result
from tillstream.goals import target_sales
from tillstream.goals.goal_import import ImportedGoals, goal_reader, import_goals
from tillstream.goals.published_standings import standing_row
from tillstream.goals.standings import MonthOfGoals, Standings
from tillstream.goals.targets import GoalLevel, GoalMeasure, GoalTarget
from tillstream.model.dates import Month
from tillstream.model.errors import Rejected


@dataclass(frozen=True, kw_only=True)
class ShowGoals:
    """month: such as 2026-11; empty: this month. level: empty for the company and its regions."""

    month: str = ""
    measure: str = GoalMeasure.REVENUE.value
    level: str = ""


@dataclass(frozen=True, kw_only=True)
class ImportGoals:
    """month: of rows without one; empty: this month. dry: save nothing."""

    file: str
    month: str = ""
    dry: bool = False


def show_goals(app: App, progress: Progress, arguments: ShowGoals) -> Result:
    """What is reached of the goals of a month."""
    month, measure = _month(app, arguments.month), GoalMeasure(arguments.measure)
    standings = _read(app, month).standings(measure)
    levels = [GoalLevel(arguments.level)] if arguments.level else [GoalLevel.COMPANY, GoalLevel.REGION]
    targets: list[GoalTarget] = [one for level in levels for one in standings.tree.of_level(level)]
    return Result(_summary(month, measure, standings, targets))


def import_goal_file(app: App, progress: Progress, arguments: ImportGoals) -> Result:
    """Save the good rows of a file, and report the others."""
    path, month = Path(arguments.file), _month(app, arguments.month)
    try:
        content = path.read_bytes()
    except OSError as error:
        raise Rejected(f"{path} cannot be read: {error.strerror}.") from error
    read = _read(app, month)
    listed = target_sales.read_target_names(app.ports, read.sales, app.contracts.regions_to_choose(), month.first)
    reader = goal_reader(listed, read.currency_of, month)
    done = import_goals(app.ports, reader, content, by=COMMAND_LINE, source=path.name, dry=arguments.dry)
    saved_any = bool(done.saved or done.same)
    code = DONE if not done.refused else QUARANTINED if saved_any else FAILED
    return Result(_imported(done, path.name, dry=arguments.dry), code)


def _month(app: App, text: str) -> Month:
    if not text:
        today: date = app.ports.clock.now().date()
        return Month.of(today)
    month = Month.parse(text)
    if month is None:
        raise Rejected(f"“{text}” is not a month. Write year and month, such as 2026-11.")
    return month


def _read(app: App, month: Month) -> MonthOfGoals:
    return MonthOfGoals(app.ports, app.contracts, app.settings.reporting_currency, month, app.queries)


def _summary(month: Month, measure: GoalMeasure, standings: Standings, targets: list[GoalTarget]) -> dict[str, Any]:
    rows = [standing_row(one, measure) for one in standings.of_all(targets)]
    return {"month": str(month), "measure": measure.value, "rows": rows}


def _imported(done: ImportedGoals, file: str, *, dry: bool) -> Mapping[str, Any]:
    refused = [
        {"line": one.line, "code": one.code, "column": one.field, "message": one.message, "remedy": one.remedy}
        for one in done.refused
    ]
    return {
        "file": file,
        "saved": not dry,
        "rows": done.rows,
        "goals": done.saved,
        "same": done.same,
        "months": [str(month) for month in done.months],
        "refused": refused,
        "ignored_columns": list(done.ignored_headers),
    }
