"""Pages on what each settlement changed in the numbers."""

from flask import Blueprint

from portal.changes import settlements

blueprint = Blueprint("changes", __name__, template_folder="templates")

blueprint.add_url_rule("/changes", "show", settlements.show)
blueprint.add_url_rule("/changes/<int:number>", "settlement", settlements.settlement)
blueprint.add_url_rule("/changes/<int:number>/lines", "lines", settlements.lines)
