"""The alerts that the user may read, for programs."""

from flask import request
from flask.typing import ResponseReturnValue

from portal.access import allow
from portal.context import ports, scope
from tillstream.alerts import published
from tillstream.model.errors import Rejected
from tillstream.model.people import Action

ACTIVE, ALL = "active", "all"
STATES = (ACTIVE, ALL)


@allow(Action.SEE_ALERTS)
def show() -> ResponseReturnValue:
    """The alerts in progress, or all of the last months. Raises `Rejected`."""
    unknown = sorted(set(request.args) - {"state"})
    state = request.args.get("state") or ACTIVE
    if unknown:
        raise Rejected(f"There is no parameter {', '.join(unknown)}. Parameters: state.")
    if state not in STATES:
        raise Rejected(f"There is no state “{state}”. Allowed values: {', '.join(STATES)}.")
    return published.alerts_json(ports(), scope(), ended=state == ALL)
