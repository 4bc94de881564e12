"""The uploads area's list of contracts that people propose, for whoever may save them."""

from flask import render_template
from flask.typing import ResponseReturnValue

from portal.access import allow
from portal.context import ports
from portal.uploads import preview_text
from tillstream.domain.people import Action
from tillstream.workflows.onboarding import proposals


@allow(Action.ADMINISTER)
def show() -> ResponseReturnValue:
    """Each with its file, who proposed it, and what it says that nothing proved."""
    return render_template("uploads/proposals.html", waiting=proposals.waiting(ports()), say=preview_text)
