"""The versions of the goals of a month: what changed, and going back to one of them."""

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from portal.access import allow
from portal.context import me, ports, scope
from portal.goals import requested, texts
from tillstream.goals import stored_goals
from tillstream.model.errors import Conflict, Rejected
from tillstream.model.months import Month
from tillstream.model.people import Action

SHOWN = 50
"""Changes that are listed of one version."""


@allow(Action.MANAGE_STOCK)
def show() -> ResponseReturnValue:
    """The versions of a month with the changes that the user may see."""
    month = requested.month()
    versions = []
    for version in stored_goals.goal_versions(ports(), month):
        changed = [one for one in version.changed if one[0].is_visible(scope()) and one[1] in requested.measures()]
        versions.append((version, changed[:SHOWN], len(changed) - SHOWN))
    return render_template(
        "goals/history.html",
        month=month,
        months=[month.plus(-1), month.plus(1)],
        versions=versions,
        label=requested.label,
        measures=texts.MEASURES,
    )


@allow(Action.MANAGE_STOCK)
def restore() -> ResponseReturnValue:
    """Save an earlier version again."""
    month, number = Month.parse(request.form.get("month", "")), request.form.get("version", 0, type=int)
    if month is None:
        raise Rejected("Choose a month.")
    try:
        stored_goals.restore_version(ports(), month, number, by=me().login, may_change=requested.may_edit)
    except Conflict as error:
        raise Rejected(f"{error} Look at the newest version first.") from error
    flash(texts.RESTORED.format(number=number, month=month), "done")
    return redirect(url_for("goals.history", month=month), 303)
