"""Upload pages: send and preview files, and see the outcome of every row."""

from flask import Blueprint

from portal.uploads import data_sources, decisions, held_questions, listing, preview, receipt, same_file, submit

blueprint = Blueprint("uploads", __name__, template_folder="templates")

blueprint.add_url_rule("/uploads", "listing", listing.show_uploads)
blueprint.add_url_rule("/uploads", "submit", submit.submit_files, methods=["POST"])
blueprint.add_url_rule("/uploads/progress", "progress", listing.show_progress)
blueprint.add_url_rule("/uploads/proposals", "proposals", data_sources.show_proposals)
blueprint.add_url_rule("/uploads/store-sales", "store_days", listing.show_store_days)
blueprint.add_url_rule("/uploads/same", "same_file", same_file.show_same_file)
blueprint.add_url_rule("/uploads/templates/<name>.csv", "source_template", data_sources.download_template)
blueprint.add_url_rule("/uploads/look", "submit_for_preview", submit.submit_for_preview, methods=["POST"])
blueprint.add_url_rule("/uploads/look/forget", "forget_all", preview.forget_previews, methods=["POST"])
blueprint.add_url_rule("/uploads/look/<sending_id>", "preview", preview.show_preview)
blueprint.add_url_rule("/uploads/look/<sending_id>/told", "preview_told", preview.summary)
blueprint.add_url_rule("/uploads/look/<sending_id>/recognise", "recognise", submit.recognise_file, methods=["POST"])
blueprint.add_url_rule("/uploads/look/<sending_id>/answers", "answer", preview.answer_questions, methods=["POST"])
blueprint.add_url_rule("/uploads/look/<sending_id>/load", "load", preview.load_file, methods=["POST"])
blueprint.add_url_rule("/uploads/look/<sending_id>/save", "save", preview.save_source, methods=["POST"])
blueprint.add_url_rule(
    "/uploads/look/<sending_id>/request-region", "request_region", preview.request_region, methods=["POST"]
)
blueprint.add_url_rule("/uploads/look/<sending_id>/forget", "forget", preview.forget_preview, methods=["POST"])
blueprint.add_url_rule("/uploads/<batch_id>", "receipt", receipt.show_receipt)
blueprint.add_url_rule("/uploads/<batch_id>/refused", "refused", receipt.show_refused)
blueprint.add_url_rule("/uploads/<batch_id>/refused.csv", "refused_csv", receipt.refused_csv)
blueprint.add_url_rule("/uploads/<batch_id>/confirm", "confirm", decisions.confirm_upload, methods=["POST"])
blueprint.add_url_rule("/uploads/<batch_id>/accept", "accept", decisions.accept_upload, methods=["POST"])
blueprint.add_url_rule("/uploads/<batch_id>/questions", "questions", held_questions.show_questions)
blueprint.add_url_rule(
    "/uploads/<batch_id>/questions", "answer_held", held_questions.answer_questions, methods=["POST"]
)
blueprint.add_url_rule("/uploads/<batch_id>/questions/save", "save_held", held_questions.save_answers, methods=["POST"])
blueprint.add_url_rule("/uploads/<batch_id>/reject", "reject", decisions.reject_upload, methods=["POST"])
blueprint.add_url_rule("/uploads/<batch_id>/accept-sales", "accept_sales", decisions.accept_sales, methods=["POST"])
blueprint.add_url_rule("/uploads/<batch_id>/discard", "discard_sales", decisions.discard_sales, methods=["POST"])
blueprint.add_url_rule("/uploads/<batch_id>/undo", "undo_preview", decisions.preview_undo)
blueprint.add_url_rule("/uploads/<batch_id>/ask-home", "ask_home", decisions.ask_home, methods=["POST"])
blueprint.add_url_rule("/uploads/<batch_id>/undo", "undo", decisions.undo_batch, methods=["POST"])
blueprint.add_url_rule("/uploads/<batch_id>/cancel", "cancel", submit.cancel_upload, methods=["POST"])
blueprint.add_url_rule("/uploads/<batch_id>/fix", "fix", submit.fix_rows, methods=["POST"])
blueprint.add_url_rule("/uploads/<batch_id>/replay", "replay_preview", submit.replay_preview)
blueprint.add_url_rule("/uploads/<batch_id>/replay", "replay", submit.replay_batch, methods=["POST"])
