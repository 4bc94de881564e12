"""Live files: addresses with the current rows of a query or of measures, for spreadsheets and BI tools."""

from flask import Blueprint

from portal.live_files import file, page

blueprint = Blueprint("live_files", __name__, template_folder="templates")
blueprint.add_app_template_global(page.tool_address, "tool_address")

blueprint.add_url_rule("/files", "show", page.show)
blueprint.add_url_rule("/files/<live_file>.<suffix>", "file", file.read)
