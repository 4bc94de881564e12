"""Problem reference: what each problem of rows, files and requests means and what to do."""

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from portal.access import Open, allow
from portal.help import texts
from portal.help.texts import EXPLANATIONS
from tillstream.model.errors import NotFound
from tillstream.model.problems import CATALOGUE, Severity

blueprint = Blueprint("help", __name__, template_folder="templates")


@blueprint.get("/help/problems")
@allow(Open.SIGNED_IN)
def problems() -> ResponseReturnValue:
    groups = {
        severity: [one for one in CATALOGUE.values() if one.severity is severity]
        for severity in (Severity.ERROR, Severity.WARNING, Severity.HOLD, Severity.REJECTION)
    }
    return render_template("help/problems.html", groups=groups, of_requests=EXPLANATIONS)


@blueprint.get("/help/problems/<code>")
@allow(Open.EVERYBODY)
def problem(code: str) -> ResponseReturnValue:
    """One problem of rows, files or requests: the address of a problem type. Open, as programs have no session."""
    if code in CATALOGUE:
        title, remedy = CATALOGUE[code].title, CATALOGUE[code].remedy
    elif code in EXPLANATIONS:
        title, remedy = EXPLANATIONS[code]
    else:
        raise NotFound(texts.no_problem(code))
    return render_template("help/problem.html", code=code, title=title, remedy=remedy)
