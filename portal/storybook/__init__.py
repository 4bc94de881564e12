"""Storybook: every component in every state, with sample data; a page for each."""

import re
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from types import MappingProxyType
from typing import Any

from flask import Blueprint, Flask, render_template
from flask.typing import ResponseReturnValue
from flask_wtf import FlaskForm
from wtforms import SelectField, StringField
from wtforms.fields.choices import SelectChoice

from portal.access import Open, allow
from portal.filters.fields import Field
from portal.filters.values import Value
from portal.list_view import ListQuery, Page
from portal.storybook.figures import figures
from tillstream.model.compared_figure import ComparedFigure
from tillstream.model.errors import NotFound

blueprint = Blueprint("storybook", __name__, template_folder="templates")

COLUMNS = (
    {"key": "file", "label": "File", "sort": True},
    {"key": "state", "label": "State"},
    {"key": "rows", "label": "Rows", "num": True},
    {"key": "net", "label": "Net", "num": True, "sort": True, "unit": "USD", "hint": "Before tax, after discount"},
)
ROWS = (
    ("IN-2026-06.csv", "Counted", "good", 1_240, Decimal("182340.50")),
    ("UK-2026-06.csv", "In progress", "busy", 88, Decimal("-12.00")),
    ("a-very-long-name-of-a-file-that-somebody-made-on-a-monday-morning.csv", "Needs review", "ask", 3, None),
    ("USA-2026-06.csv", "Rejected", "bad", 0, Decimal("0.00")),
)
QUERY = ListQuery(q="june", sort="-net", page=2, chosen=MappingProxyType({"state": ("good", "busy")}))
CHANGES = (
    {"label": "Lines", "before": "1,240", "after": "1,236", "change": "−4"},
    {"label": "Net", "unit": "USD", "before": "182,340.50", "after": "181,992.10", "change": "−348.40"},
    {"label": "Orders", "before": "611", "after": "611"},
    {"label": "Returns", "before": None, "after": "2"},
)
KEY_FIGURES = (
    ("Revenue", Decimal("1182340.50"), ComparedFigure.of_whole(Decimal("1182340.50"), Decimal("1051904.36"))),
    ("Orders", 6_110, ComparedFigure(6_110, 5_814, 6_000)),
    ("Customers", 1_402, ComparedFigure.of_whole(1_402, 1_402)),
    ("Units", 9, ComparedFigure.of_whole(9, None)),
)
BREAKDOWN = (
    ("Central station, upper floor, beside the bookshop", Decimal("182340.50"), 0.62, 0.124),
    ("LON1", Decimal("88120.00"), 0.3, -0.5),
    ("Unknown", Decimal("-1200.00"), 0.08, None),
)
PEOPLE = (Value("S1", "Asha Rao"), Value("S2", "Bo Lind"), Value("S3", "S3"))


class Story(FlaskForm):
    class Meta:
        csrf = False

    name = StringField("Name")
    role = SelectField("Role", choices=[SelectChoice("clerk", "Clerk"), SelectChoice("manager", "Manager")])
    store = StringField("Store")


@blueprint.get("/storybook")
@allow(Open.SIGNED_IN)
def show() -> ResponseReturnValue:
    return _page("")


@blueprint.get("/storybook/<name>")
@allow(Open.SIGNED_IN)
def component(name: str) -> ResponseReturnValue:
    """One component."""
    if name not in components():
        raise NotFound(f"There is no component {name}.")
    return _page(name)


def components() -> list[str]:
    """Names of all components, as in the template."""
    template = Path(__file__).parent / "templates" / "storybook" / "show.html"
    return re.findall(r"call story\('(\w+)'", template.read_text(encoding="utf-8"))


def _page(component: str) -> str:
    form = Story()
    form.store.errors = ["There is no store MUM99. Known stores of IN: MUM01, DEL01."]
    return render_template("storybook/show.html", component=component, form=form, **_sample_data())


@blueprint.get("/storybook/charts")
@allow(Open.SIGNED_IN)
def charts() -> ResponseReturnValue:
    """Every kind of chart in every state."""
    return render_template("storybook/charts.html", figures=figures())


def register(app: Flask, *, development: bool) -> None:
    """Register the pages in development mode only."""
    if development:
        app.register_blueprint(blueprint)


def _sample_data() -> dict[str, Any]:
    """Sample data of the parts."""
    return {
        "query": QUERY,
        "columns": COLUMNS,
        "full": Page(QUERY, ROWS, 104, more=True),
        "uncounted": Page(ListQuery(), ROWS, more=True),
        "single": Page(ListQuery(), ROWS[:1], 1),
        "changes": CHANGES,
        "key_figures": KEY_FIGURES,
        "breakdown": BREAKDOWN,
        "fields": (Field("person", "salesperson", "Salesperson", PEOPLE[:1], PEOPLE, ()),),
        "at": datetime(2026, 6, 30, 17, 5, tzinfo=UTC),
        "reminder": "Dear Mumbai, the sales of 28 and 29 June are not here yet. Please send them today.",
    }
