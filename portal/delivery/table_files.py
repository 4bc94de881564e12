"""Export of the dashboard tables: the same queries and filters, as files."""

from flask import Blueprint, Response, request

from portal.access import allow
from portal.dashboard.request_filters import resolved
from portal.file_responses import TABLES, query_file
from portal.translation import _
from tillstream.delivery.export_formats import FORMATS
from tillstream.model.errors import NotFound
from tillstream.model.permissions import Action

blueprint = Blueprint("exports", __name__)
blueprint.record_once(
    lambda setup: setup.app.jinja_env.globals.update(export_formats={one.suffix: one.label for one in FORMATS.values()})
)


@blueprint.get("/tables/<table>", endpoint="table")
@allow(Action.SEE_NUMBERS)
def export_table(table: str) -> Response:
    """One table of the dashboards with the current filters, as a file."""
    if table not in TABLES:
        raise NotFound(_("There is no table {table}. Use one of: {tables}.", table=table, tables=", ".join(TABLES)))
    return query_file(request.args.get("format", "csv"), table, resolved()[0])
