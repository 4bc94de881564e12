"""The board area: what waits for a decision, what changed since, and where a number came from."""

from flask import Blueprint

from portal.board import changes, completeness, sale, search, waiting

blueprint = Blueprint("board", __name__, template_folder="templates")

blueprint.add_url_rule("/waiting", "waiting", waiting.show)
blueprint.add_url_rule("/waiting/<batch_id>", "decide", waiting.decide)
blueprint.add_url_rule("/changes", "changes", changes.show)
blueprint.add_url_rule("/changes/<int:number>", "settlement", changes.settlement)
blueprint.add_url_rule("/changes/<int:number>/lines", "changed_lines", changes.lines)
blueprint.add_url_rule("/completeness", "completeness", completeness.show)
blueprint.add_url_rule("/completeness/<region>/<on>", "day", completeness.day)
blueprint.add_url_rule("/search", "search", search.show)
blueprint.add_url_rule("/sales/<path:sale_id>", "sale", sale.show)
