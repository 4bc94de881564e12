"""Sale lines: searched, sorted and filtered, as a file, and with the source of each."""

import json
from dataclasses import dataclass, replace
from typing import Any, Literal

from flask import Blueprint, Response, render_template, request
from flask.typing import ResponseReturnValue

from portal import figures, filter_fields, list_view
from portal.access import allow
from portal.context import ports, scope, tillstream
from portal.dashboard.request_filters import PRESETS, resolved
from portal.file_responses import file_response, table_source
from portal.translation import N_
from portal.uploads import scoped
from tillstream.analytics import line_export
from tillstream.analytics.filters import CURRENCY, DATE_FILTERS
from tillstream.analytics.line_export import PAGE_COLUMNS
from tillstream.analytics.query_catalogue import describe_query
from tillstream.delivery.subscribed_tables import PDF, lines_table, with_columns
from tillstream.model.batch import BatchKind
from tillstream.model.columns import BY_NAME, COSTS, PERSONAL, ColumnKind
from tillstream.model.people import Scope
from tillstream.model.permissions import Action
from tillstream.receipts.source_line import find_row
from tillstream.records import batch_records

ORIGINAL = N_("Original")
COLUMN_LABELS = N_(
    {
        "sale_date": "Day",
        "sold_at": "Time",
        "region": "Region",
        "store_id": "Store",
        "sale_id": "Sale",
        "line_key": "Line",
        "status": "Status",
        "product_id": "Product number",
        "product_name": "Product",
        "category": "Category",
        "channel": "Channel",
        "country": "Country",
        "customer_id": "Customer number",
        "customer_name": "Customer",
        "salesperson_id": "Salesperson",
        "quantity": "Quantity",
        "unit_price": "Price",
        "discount": "Discount",
        "tax": "Tax",
        "net_amount": "Net",
        "gross_amount": "Gross",
        "currency": "Currency",
        "reporting_amount": "Net, converted",
        "unit_cost": "Unit cost",
        "returns_sale_id": "Returns sale",
        "source": "Source",
        "source_version": "Version",
        "ingested_at": "Counted",
        "extra": "Other columns",
    }
)
"""Column → its label, in display order."""

AMOUNTS = frozenset({"unit_price", "discount", "tax", "net_amount", "gross_amount", "unit_cost"})

FIRST = ("status", "region", "store")
"""Filters next to the period; the others are behind a button."""
MAX_OFFSET = 1_000_000
"""Maximum offset of a page; use the export beyond it."""

blueprint = Blueprint("sale_lines", __name__, template_folder="templates")


@dataclass(frozen=True)
class ShownColumn:
    name: str
    label: str
    kind: Literal["amount", "number", "day", "instant", "text"]
    sorts: bool

    def head(self, currency: str) -> dict[str, Any]:
        """Column header as the template macro `table` expects it."""
        unit = currency if self.name == "reporting_amount" else ""
        num = self.kind in {"amount", "number"}
        return {"key": self.name, "label": self.label, "sort": self.sorts, "num": num, "unit": unit}


def offered_columns(scope: Scope) -> dict[str, ShownColumn]:
    """Columns that the user may choose, in display order."""
    sorted_by = next(p for p in describe_query("lines-page").parameters if p.name == "sort").words
    hidden = (() if scope.may(Action.SEE_PERSONAL) else PERSONAL, () if scope.may(Action.SEE_COSTS) else COSTS)
    return {
        name: ShownColumn(name, label, _kind(name), name in sorted_by)
        for name, label in COLUMN_LABELS.items()
        if not any(name in columns for columns in hidden)
    }


def chosen_columns(scope: Scope, wanted: list[str]) -> list[ShownColumn]:
    """Requested columns, or the default ones; unknown names are ignored."""
    available = offered_columns(scope)
    columns = [available[name] for name in available if name in wanted]
    return columns or [available[name] for name in PAGE_COLUMNS if name in available]


def _kind(name: str) -> Literal["amount", "number", "day", "instant", "text"]:
    if name in AMOUNTS or name == "reporting_amount":
        return "amount"
    match BY_NAME[name].kind:
        case ColumnKind.NUMERIC | ColumnKind.INT64:
            return "number"
        case ColumnKind.DATE:
            return "day"
        case ColumnKind.TIMESTAMP:
            return "instant"
    return "text"


@allow(Action.SEE_NUMBERS)
def show_sale_lines() -> ResponseReturnValue:
    """Sale lines in the scope of the user, filtered, searched, sorted and paged by the address."""
    values, preset = resolved()
    filters = figures.parse_filters(values)
    available = offered_columns(scope())
    query = _list_query(available, values, preset)
    app = tillstream()
    rows: list[dict[str, Any]] = line_export.lines_page(
        app.ports.warehouse,
        scope(),
        filters,
        sort=query.column,
        descending=query.down,
        limit=query.size + 1,
        offset=min(query.first, MAX_OFFSET),
        q=query.q,
        cache=app.queries,
    ).to_pylist()
    # daily totals do not cover a search
    total = figures.ask("lines-total", filters, q=query.q).to_pylist()[0] if query.q else figures.kpis(filters)
    columns = chosen_columns(scope(), request.args.getlist("column"))
    heads = [one.head(total["currency"]) for one in columns]
    if scope().may(Action.SEE_UPLOADS):
        heads.append({"key": "", "label": ORIGINAL})
    return render_template(
        "sale_lines/list.html",
        heads=heads,
        page=list_view.ListPage(query, rows[: query.size], total["lines"], len(rows) > query.size),
        total=total,
        filters=values,
        preset=preset,
        presets=PRESETS,
        bar=filter_fields.page_fields(values),
        first=FIRST,
        columns=columns,
        offered=available,
    )


def _list_query(available: dict[str, ShownColumn], values: dict[str, list[str]], preset: str) -> list_view.ListQuery:
    """List query whose links keep the filters; a preset is kept by name."""
    sorts = [f"{prefix}{name}" for name, one in available.items() if one.sorts for prefix in ("", "-")]
    kept: dict[str, Any] = values if preset in {"", "own"} else _without_days(values) | {"preset": preset}
    kept = kept | {"column": [name for name in request.args.getlist("column") if name in available]}
    return replace(list_view.list_query(sorts=sorts, default_sort="-sale_date"), kept=kept)


def _without_days(values: dict[str, list[str]]) -> dict[str, list[str]]:
    return {name: texts for name, texts in values.items() if name not in DATE_FILTERS}


@allow(Action.SEE_NUMBERS)
def export_sale_lines() -> Response:
    """Every chosen line with every column that the user may see; a PDF has the columns of the page."""
    values, text = resolved()[0], list_view.list_query().q
    bounds, filters = scope(), figures.parse_filters(values)
    in_other = {"in": [filters.currency]} if filters.currency != tillstream().settings.reporting_currency else {}
    named = values | in_other | ({"search": [text]} if text else {})
    named.pop(CURRENCY, None)
    form, table = request.args.get("format", "csv"), lines_table(table_source(), bounds, filters, text)
    if form == PDF:
        names = [one.name for one in chosen_columns(bounds, request.args.getlist("column"))]
        table = with_columns(table, [name for name in names if name in table.schema.names])
    return file_response(form, table, named)


@allow(Action.SEE_UPLOADS)
def show_file_line(batch_id: str, line: int) -> ResponseReturnValue:
    """One line of the original file with its neighbours, unparsed."""
    upload = scoped.visible_batch(batch_id)
    source = find_row(ports(), upload, line)
    return render_template(
        "sale_lines/file_line.html",
        upload=upload,
        source=source,
        line=line,
        whole=batch_records.get_batch(ports(), upload.parent) if upload.kind is BatchKind.CORRECTION else upload,
        message=_message(source.row.raw) if upload.kind is BatchKind.STORE_SALES else "",
    )


def _message(text: str) -> str:
    """Message of a till as indented JSON; unchanged if it is not JSON."""
    try:
        return json.dumps(json.loads(text), indent=2, ensure_ascii=False)
    except ValueError:
        return text


blueprint.add_url_rule("/sale-lines", "show", show_sale_lines)
blueprint.add_url_rule("/sale-lines/export", "export", export_sale_lines)
blueprint.add_url_rule("/uploads/<batch_id>/lines/<int:line>", "file_line", show_file_line)
