"""Proposed data sources, for those who may save them."""

from flask import render_template
from flask.typing import ResponseReturnValue

from portal.access import allow
from portal.context import ports
from portal.uploads.questions import preview_text
from tillstream.model.people import Action
from tillstream.review import contract_proposals


@allow(Action.ADMINISTER)
def show() -> ResponseReturnValue:
    """Each proposal with its file, its author, and the settings that the file does not prove."""
    return render_template(
        "uploads/proposals.html", waiting=contract_proposals.pending_proposals(ports()), texts=preview_text
    )
