"""Upload pages: send and preview files, and see the outcome of every row."""

from flask import Blueprint

from portal.uploads import (
    decide,
    held_questions,
    listing,
    preview,
    progress,
    proposed,
    receipt,
    same_file,
    source_template,
    store_days,
    submit,
    without_preview,
)

blueprint = Blueprint("uploads", __name__, template_folder="templates")

blueprint.add_url_rule("/uploads", "listing", listing.show)
blueprint.add_url_rule("/uploads", "submit", submit.submit, methods=["POST"])
blueprint.add_url_rule("/uploads/progress", "progress", progress.show)
blueprint.add_url_rule("/uploads/proposals", "proposals", proposed.show)
blueprint.add_url_rule("/uploads/store-sales", "store_days", store_days.show)
blueprint.add_url_rule("/uploads/same", "same_file", same_file.show)
blueprint.add_url_rule("/uploads/templates/<name>.csv", "source_template", source_template.download)
blueprint.add_url_rule("/uploads/look", "submit_for_preview", submit.submit_for_preview, methods=["POST"])
blueprint.add_url_rule("/uploads/look/forget", "forget_all", preview.forget_all, methods=["POST"])
blueprint.add_url_rule("/uploads/look/<sending_id>", "preview", preview.show)
blueprint.add_url_rule("/uploads/look/<sending_id>/told", "preview_told", preview.summary)
blueprint.add_url_rule("/uploads/look/<sending_id>/recognise", "recognise", without_preview.recognise, methods=["POST"])
blueprint.add_url_rule("/uploads/look/<sending_id>/answers", "answer", preview.answer, methods=["POST"])
blueprint.add_url_rule("/uploads/look/<sending_id>/load", "load", preview.load, methods=["POST"])
blueprint.add_url_rule("/uploads/look/<sending_id>/save", "save", preview.save, methods=["POST"])
blueprint.add_url_rule(
    "/uploads/look/<sending_id>/request-region", "request_region", preview.request_region, methods=["POST"]
)
blueprint.add_url_rule("/uploads/look/<sending_id>/forget", "forget", preview.forget, methods=["POST"])
blueprint.add_url_rule("/uploads/<batch_id>", "receipt", receipt.show)
blueprint.add_url_rule("/uploads/<batch_id>/refused", "refused", receipt.refused)
blueprint.add_url_rule("/uploads/<batch_id>/refused.csv", "refused_csv", receipt.refused_csv)
blueprint.add_url_rule("/uploads/<batch_id>/confirm", "confirm", decide.confirm, methods=["POST"])
blueprint.add_url_rule("/uploads/<batch_id>/accept", "accept", decide.accept, methods=["POST"])
blueprint.add_url_rule("/uploads/<batch_id>/questions", "questions", held_questions.show)
blueprint.add_url_rule("/uploads/<batch_id>/questions", "answer_held", held_questions.answer, methods=["POST"])
blueprint.add_url_rule("/uploads/<batch_id>/questions/save", "save_held", held_questions.save, methods=["POST"])
blueprint.add_url_rule("/uploads/<batch_id>/reject", "reject", decide.reject, methods=["POST"])
blueprint.add_url_rule("/uploads/<batch_id>/accept-sales", "accept_sales", decide.accept_sales, methods=["POST"])
blueprint.add_url_rule("/uploads/<batch_id>/discard", "discard_sales", decide.discard_sales, methods=["POST"])
blueprint.add_url_rule("/uploads/<batch_id>/undo", "undo_preview", decide.preview)
blueprint.add_url_rule("/uploads/<batch_id>/ask-home", "ask_home", decide.ask_home, methods=["POST"])
blueprint.add_url_rule("/uploads/<batch_id>/undo", "undo", decide.undo_batch, methods=["POST"])
blueprint.add_url_rule("/uploads/<batch_id>/cancel", "cancel", submit.cancel, methods=["POST"])
blueprint.add_url_rule("/uploads/<batch_id>/fix", "fix", submit.fix_rows, methods=["POST"])
blueprint.add_url_rule("/uploads/<batch_id>/replay", "replay_preview", submit.replay_preview)
blueprint.add_url_rule("/uploads/<batch_id>/replay", "replay", submit.replay_batch, methods=["POST"])
