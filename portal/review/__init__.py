"""Review pages: held files, and what each answer would change."""

from flask import Blueprint

from portal.review import answers, correcting, day_closes, several, waiting

blueprint = Blueprint("review", __name__, template_folder="templates")

blueprint.add_url_rule("/waiting", "waiting", waiting.show)
blueprint.add_url_rule("/waiting", "several", several.decide, methods=["POST"])
blueprint.add_url_rule("/waiting/day-closes", "day_closes", day_closes.show)
blueprint.add_url_rule("/waiting/day-closes/<close_id>/accept", "accept_close", day_closes.accept, methods=["POST"])
blueprint.add_url_rule("/waiting/<batch_id>", "decide", answers.show)
blueprint.add_url_rule("/waiting/<batch_id>/answers", "answers", answers.fragment)
blueprint.add_url_rule("/waiting/<batch_id>/notes", "add_note", correcting.add_note, methods=["POST"])
blueprint.add_url_rule("/uploads/<batch_id>/original", "original", correcting.original)
