"""Completeness pages: days that have arrived or are missing, by region and store, and what is expected."""

from flask import Blueprint

from portal.completeness import calendar, expected

blueprint = Blueprint("completeness", __name__, template_folder="templates")

blueprint.add_url_rule("/completeness", "show", calendar.show_calendar)
blueprint.add_url_rule("/completeness/<region>/<on>", "day", calendar.show_day)
blueprint.add_url_rule(
    "/completeness/<region>/<on>/nothing-sold", "nothing_sold", calendar.record_nothing_sold, methods=["POST"]
)
blueprint.add_url_rule("/expected-deliveries", "expected", expected.list_expectations)
blueprint.add_url_rule("/expected-deliveries/<name>", "edit", expected.edit_expectation)
blueprint.add_url_rule("/expected-deliveries/<name>", "save", expected.save_expectation, methods=["POST"])
blueprint.add_url_rule("/expected-deliveries/<name>/preview", "preview", expected.preview_expectation, methods=["POST"])
blueprint.add_url_rule("/expected-deliveries/<name>/reset", "reset", expected.reset_expectation, methods=["POST"])
