"""Completeness pages: days that have arrived or are missing, by region and store, and what is expected."""

from flask import Blueprint

from portal.completeness import calendar, expected, nothing_sold

blueprint = Blueprint("completeness", __name__, template_folder="templates")

blueprint.add_url_rule("/completeness", "show", calendar.show)
blueprint.add_url_rule("/completeness/<region>/<on>", "day", calendar.day)
blueprint.add_url_rule(
    "/completeness/<region>/<on>/nothing-sold", "nothing_sold", nothing_sold.record, methods=["POST"]
)
blueprint.add_url_rule("/expected-deliveries", "expected", expected.listing)
blueprint.add_url_rule("/expected-deliveries/<name>", "edit", expected.edit)
blueprint.add_url_rule("/expected-deliveries/<name>", "save", expected.save, methods=["POST"])
blueprint.add_url_rule("/expected-deliveries/<name>/preview", "preview", expected.preview, methods=["POST"])
blueprint.add_url_rule("/expected-deliveries/<name>/reset", "reset", expected.reset, methods=["POST"])
