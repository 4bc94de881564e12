"""Problem reference: what each problem means and what to do, from the catalogue."""

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from portal.access import Open, allow
from tillstream.domain.problems import CATALOGUE, Severity

blueprint = Blueprint("help", __name__, template_folder="templates")


@blueprint.get("/help/problems")
@allow(Open.SIGNED_IN)
def problems() -> ResponseReturnValue:
    groups = {
        severity: [one for one in CATALOGUE.values() if one.severity is severity]
        for severity in (Severity.ERROR, Severity.WARNING, Severity.HOLD, Severity.REJECTION)
    }
    return render_template("help/problems.html", groups=groups)
