"""Sale lines: every line behind a figure, and its source line in the file."""

from flask import Blueprint

from portal.sale_lines import file_line, listing

blueprint = Blueprint("sale_lines", __name__, template_folder="templates")

blueprint.add_url_rule("/sale-lines", "show", listing.show)
blueprint.add_url_rule("/sale-lines/export", "export", listing.export)
blueprint.add_url_rule("/uploads/<batch_id>/lines/<int:line>", "file_line", file_line.show)
