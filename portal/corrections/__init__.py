"""Corrections pages: rejected rows of an upload are corrected in the browser and submitted again."""

from flask import Blueprint

from portal.corrections import grid, steps, workspace

__all__ = ["blueprint", "workspace"]

blueprint = Blueprint("corrections", __name__, template_folder="templates", url_prefix="/uploads/<batch_id>/fix")

blueprint.add_url_rule("", "show", grid.show)
blueprint.add_url_rule("/rows", "rows", grid.rows)
blueprint.add_url_rule("/next", "next_left", grid.next_left)
blueprint.add_url_rule("/stamp", "stamp", grid.stamp)
blueprint.add_url_rule("/preview", "preview", grid.preview)
blueprint.add_url_rule("/cell", "cell", grid.cell)
blueprint.add_url_rule("/steps", "take", steps.take, methods=["POST"])
blueprint.add_url_rule("/count", "count", steps.count, methods=["POST"])
blueprint.add_url_rule("/undo", "undo", steps.undo, methods=["POST"])
blueprint.add_url_rule("/redo", "redo", steps.redo, methods=["POST"])
blueprint.add_url_rule("/send", "send", steps.send, methods=["POST"])
