"""The review area: what waits for a person's decision, and what would come of each answer."""

from flask import Blueprint

from portal.review import waiting

blueprint = Blueprint("review", __name__, template_folder="templates")

blueprint.add_url_rule("/waiting", "waiting", waiting.show)
blueprint.add_url_rule("/waiting/<batch_id>", "decide", waiting.decide)
