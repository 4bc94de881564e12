"""The goals of a month for programs."""

from functools import partial
from typing import Any

from flask import request
from flask.typing import ResponseReturnValue

from portal.access import allow
from portal.context import ports, scope
from portal.goals import requested
from tillstream.goals import published_standings
from tillstream.goals.published_standings import standing_row
from tillstream.goals.targets import TARGET_FIELDS
from tillstream.model.errors import Rejected
from tillstream.model.people import Action

ARGUMENTS = frozenset({"month", "measure", "level", *TARGET_FIELDS})


@allow(Action.SEE_NUMBERS)
def show() -> ResponseReturnValue:
    """The standings of a target, or of all targets of a level, in one measure and month. Raises `Rejected`."""
    unknown = sorted(set(request.args) - ARGUMENTS)
    if unknown:
        raise Rejected(f"There is no parameter {', '.join(unknown)}. Parameters: {', '.join(sorted(ARGUMENTS))}.")
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
