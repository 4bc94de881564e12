"""Goals as files and for programs."""

import csv
import io
from functools import partial
from typing import Any

from flask import render_template, request
from flask.typing import ResponseReturnValue

from portal import table_imports
from portal.access import allow
from portal.context import me, ports, scope, tillstream
from portal.goals import requested
from portal.translation import _
from tillstream.goals import published_standings, stored_goals
from tillstream.goals.goal_import import GOAL_COLUMNS, ImportedGoals, goal_reader, import_goals
from tillstream.goals.published_standings import standing_row
from tillstream.goals.targets import TARGET_FIELDS, Goal
from tillstream.model.dates import Month
from tillstream.model.document_json import decimal_text
from tillstream.model.errors import Conflict, Rejected
from tillstream.model.permissions import Action

MAX_TEXT = 2 << 20
"""Characters of a pasted block."""
ARGUMENTS = frozenset({"month", "measure", "level", *TARGET_FIELDS})


@allow(Action.MANAGE_STOCK)
def show_files() -> ResponseReturnValue:
    """The form, and what a file looks like."""
    return _page(requested.month())


@allow(Action.MANAGE_STOCK)
def import_goals_file() -> ResponseReturnValue:
    """Save the good rows of a file or a pasted block, and show the others."""
    month = Month.parse(request.form.get("month", "")) or Month.from_day(ports().clock.now().date())
    text = request.form.get("rows", "")
    name, content = table_imports.uploaded_file()
    content = content if name else text[:MAX_TEXT].encode()
    if not content.strip():
        return _page(month, error=_("Choose a file, or paste rows from a spreadsheet.")), 422
    source = name or _("pasted rows")
    read = requested.month_of_goals(month)
    reader = goal_reader(requested.all_names(month).within(requested.may_edit), read.currency_of, month)
    try:
        done = import_goals(ports(), reader, content, by=me().login, source=source, may_change=requested.may_edit)
    except (Conflict, Rejected) as error:
        return _page(month, rows=text, error=str(error)), 422
    return _page(month, done=done, rows=_rows_of(done)), 422 if done.refused else 200


@allow(Action.SEE_NUMBERS)
def export_goals() -> ResponseReturnValue:
    """The entered goals of a year or month, as a CSV file that can be imported again."""
    wanted = request.args.get("month", "")
    months = [one for one in stored_goals.read_all_goals(ports()) if str(one.month).startswith(wanted)]
    goals = ((one.month, goal) for one in months for _, goal in sorted(one.goals.items()) if _is_visible(goal))
    return table_imports.table_file(GOAL_COLUMNS, (_cells(*each) for each in goals), f"goals{wanted and '-'}{wanted}")


def _is_visible(goal: Goal) -> bool:
    return goal.measure in requested.measures() and goal.target.is_visible(scope())


def _cells(month: Month, goal: Goal) -> list[str]:
    names = (getattr(goal.target, name) for name in TARGET_FIELDS)
    return [str(month), *names, goal.measure.value, decimal_text(goal.amount), goal.currency]


def _rows_of(done: ImportedGoals) -> str:
    """The refused rows as text, to be corrected and sent again."""
    if not done.refused:
        return ""
    names = list(dict.fromkeys(name for one in done.refused for name in one.cells))
    out = io.StringIO()
    writer = csv.writer(out, delimiter="\t", lineterminator="\n")
    writer.writerow(names)
    writer.writerows([one.cells.get(name, "") for name in names] for one in done.refused)
    return out.getvalue()


def _page(month: Month, *, done: ImportedGoals | None = None, rows: str = "", error: str = "") -> str:
    return render_template(
        "goals/import.html",
        month=month,
        done=done,
        rows=rows,
        error=error,
        columns=[one.name for one in GOAL_COLUMNS],
        currency=tillstream().settings.reporting_currency,
    )


@allow(Action.SEE_NUMBERS)
def goals_data() -> ResponseReturnValue:
    """The standings of a target, or of all targets of a level, in one measure and month. Raises `Rejected`."""
    unknown = sorted(set(request.args) - ARGUMENTS)
    if unknown:
        raise Rejected(
            _(
                "There is no parameter {unknown}. Parameters: {arguments}.",
                unknown=", ".join(unknown),
                arguments=", ".join(sorted(ARGUMENTS)),
            )
        )
    month, measure = requested.month(), requested.measure()
    standings = requested.month_of_goals(month).standings(measure)
    names = partial(requested.all_names, month)
    targets = published_standings.chosen_targets(
        standings, scope(), names, request.args.get("level", ""), requested.any_target()
    )
    rows: list[dict[str, Any]] = [standing_row(one, measure) for one in standings.of_all(targets)]
    return {
        "month": str(month),
        "measure": measure.value,
        "as_of": ports().clock.now().isoformat(timespec="seconds"),
        "rows": rows,
    }
