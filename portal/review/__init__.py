"""Review pages: held files, and what each answer would change."""

from flask import Blueprint

from portal.review import answers, waiting

blueprint = Blueprint("review", __name__, template_folder="templates")

blueprint.add_url_rule("/waiting", "waiting", waiting.show_waiting)
blueprint.add_url_rule("/waiting", "several", answers.decide_several, methods=["POST"])
blueprint.add_url_rule("/waiting/day-closes", "day_closes", waiting.show_day_closes)
blueprint.add_url_rule("/waiting/day-closes/<close_id>/accept", "accept_close", waiting.accept_close, methods=["POST"])
blueprint.add_url_rule("/waiting/<batch_id>", "decide", answers.show_answers)
blueprint.add_url_rule("/waiting/<batch_id>/answers", "answers", answers.answers_fragment)
blueprint.add_url_rule("/waiting/<batch_id>/notes", "add_note", answers.add_note, methods=["POST"])
blueprint.add_url_rule("/uploads/<batch_id>/original", "original", answers.download_original)
