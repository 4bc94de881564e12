"""Review pages: held files, and a preview of each decision."""

from flask import Blueprint

from portal.review import waiting

blueprint = Blueprint("review", __name__, template_folder="templates")

blueprint.add_url_rule("/waiting", "waiting", waiting.show)
blueprint.add_url_rule("/waiting/<batch_id>", "decide", waiting.decide)
