"""The uploads area: files come in, and everybody sees what became of every row."""

from flask import Blueprint

from portal.uploads import decide, give, held, listing, look, progress, proposed, receipt

blueprint = Blueprint("uploads", __name__, template_folder="templates")

blueprint.add_url_rule("/uploads", "listing", listing.show)
blueprint.add_url_rule("/uploads", "give", give.give, methods=["POST"])
blueprint.add_url_rule("/uploads/progress", "progress", progress.show)
blueprint.add_url_rule("/uploads/proposals", "proposals", proposed.show)
blueprint.add_url_rule("/uploads/look", "look_at", give.look_at, methods=["POST"])
blueprint.add_url_rule("/uploads/look/<sending_id>", "look", look.show)
blueprint.add_url_rule("/uploads/look/<sending_id>/told", "look_told", look.told)
blueprint.add_url_rule("/uploads/look/<sending_id>/answers", "answer", look.answer, methods=["POST"])
blueprint.add_url_rule("/uploads/look/<sending_id>/load", "load", look.load, methods=["POST"])
blueprint.add_url_rule("/uploads/look/<sending_id>/save", "save", look.save, methods=["POST"])
blueprint.add_url_rule("/uploads/look/<sending_id>/forget", "forget", look.forget, methods=["POST"])
blueprint.add_url_rule("/uploads/<batch_id>", "receipt", receipt.show)
blueprint.add_url_rule("/uploads/<batch_id>/refused", "refused", receipt.refused)
blueprint.add_url_rule("/uploads/<batch_id>/refused.csv", "refused_csv", receipt.refused_csv)
blueprint.add_url_rule("/uploads/<batch_id>/confirm", "confirm", decide.confirm, methods=["POST"])
blueprint.add_url_rule("/uploads/<batch_id>/accept", "accept", decide.accept, methods=["POST"])
blueprint.add_url_rule("/uploads/<batch_id>/questions", "questions", held.show)
blueprint.add_url_rule("/uploads/<batch_id>/questions", "answer_held", held.answer, methods=["POST"])
blueprint.add_url_rule("/uploads/<batch_id>/questions/save", "save_held", held.save, methods=["POST"])
blueprint.add_url_rule("/uploads/<batch_id>/reject", "reject", decide.reject, methods=["POST"])
blueprint.add_url_rule("/uploads/<batch_id>/undo", "undo_preview", decide.preview)
blueprint.add_url_rule("/uploads/<batch_id>/undo", "undo", decide.undo_batch, methods=["POST"])
blueprint.add_url_rule("/uploads/<batch_id>/cancel", "cancel", give.cancel, methods=["POST"])
blueprint.add_url_rule("/uploads/<batch_id>/fix", "fix", give.fix_rows, methods=["POST"])
blueprint.add_url_rule("/uploads/<batch_id>/replay", "replay_preview", give.replay_preview)
blueprint.add_url_rule("/uploads/<batch_id>/replay", "replay", give.replay_batch, methods=["POST"])
