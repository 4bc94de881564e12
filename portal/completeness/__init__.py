"""Completeness pages: days that have arrived or are missing, by region and store."""

from flask import Blueprint

from portal.completeness import calendar

blueprint = Blueprint("completeness", __name__, template_folder="templates")

blueprint.add_url_rule("/completeness", "show", calendar.show)
blueprint.add_url_rule("/completeness/<region>/<on>", "day", calendar.day)
