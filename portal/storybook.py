"""Storybook: every component of the pages, with sample figures."""

import re
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from types import MappingProxyType
from typing import Any, cast

from flask import Blueprint, Flask, render_template
from flask.typing import ResponseReturnValue
from flask_wtf import FlaskForm
from wtforms import SelectField, StringField
from wtforms.fields.choices import SelectChoice

from portal.access import Open, allow
from portal.context import TemplateContext
from portal.figures import ChartFigure
from portal.filter_fields import FilterField, FilterValue
from portal.list_view import ListPage, ListQuery
from portal.static_files import asset
from tillstream.analytics.compared_figure import ComparedFigure
from tillstream.model.errors import NotFound

MONTHS = [f"{2025 + (month + 6) // 12}-{(month + 6) % 12 + 1:02}-01" for month in range(12)]
NOW = [52_100.0, 48_700.5, 61_020.0, 58_900.0, 73_400.0, 88_120.0, 41_000.0, 44_300.0, 52_800.0, 57_010.0, 60_400.0]
BEFORE = [49_800.0, 50_100.0, 55_400.0, 57_300.0, 70_900.0, 91_300.0, 39_500.0, 42_000.0, 49_100.0, 55_600.0, 58_200.0]
DAYS = [f"2026-{5 + day // 31:02}-{day % 31 + 1:02}" for day in range(61)]
WEEKDAYS = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
LONG = "Noise-cancelling headphones with a spare cable, a case and three pairs of cushions"
STORES = ["MUM01", "DEL01", "BLR01", "LON1", "MAN1", "101"]

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
PEOPLE = (FilterValue("S1", "Asha Rao"), FilterValue("S2", "Bo Lind"), FilterValue("S3", "S3"))


def _daily(factor: float) -> list[float | None]:
    return [round(factor * (1_400 + 35 * day % 900 + (600 if day % 7 > 4 else 0)), 2) for day in range(61)]


def _money(kind: str, **more: Any) -> ChartFigure:
    return cast("ChartFigure", {"kind": kind, "currency": "USD", **more})


def figures() -> dict[str, tuple[str, ChartFigure]]:
    """Name → what it shows, and the figure."""
    months = {"period": "monthly", "labels": MONTHS, "values": [*NOW, 21_700.0]}
    before = {"name": "Previous year", "values": [*BEFORE, 61_000.0]}
    unfinished = [False] * 11 + [True]
    series = [{"name": store, "values": [(at + 2) * value / 6 for value in NOW]} for at, store in enumerate(STORES)]
    return {
        "bars": (
            "A ranking: amounts at the bars, long names shortened, the comparison in the tooltip",
            _money(
                "bars",
                labels=["Monitor", LONG, "Kettle", "Chef's knife", "Tea", "7 others"],
                values=[73_010.0, 44_120.5, 31_800.0, 9_450.0, -1_200.0, 22_000.0],
                before={"name": "Previous year", "values": [70_100.0, 47_800.0, 31_800.0, None, 400.0, 20_900.0]},
                links=["#bars"] * 6,
            ),
        ),
        "few": ("A ranking of two", _money("bars", labels=["Store", "Online"], values=[73_010.0, 44_120.5])),
        "number": ("One value alone is a number", _money("bars", labels=["MUM01"], values=[73_010.0])),
        "columns": (
            "Periods beside those before; the last is not complete; a day with an annotation",
            _money(
                "columns",
                **months | {"partial": unfinished},
                name="This year",
                before=before,
                annotations=[{"at": MONTHS[5], "text": "Campaign"}],
                links=["#columns"] * 12,
            ),
        ),
        "columns-few": (
            "Few periods with their amounts",
            _money("columns", period="quarterly", labels=MONTHS[2:12:3], values=NOW[:4]),
        ),
        "columns-series": (
            "Several series",
            _money(
                "columns",
                period="monthly",
                labels=MONTHS[:4],
                series=[{**one, "values": one["values"][:4]} for one in series],
            ),
        ),
        "line": (
            "Many periods; the last days are not complete",
            _money(
                "line",
                period="daily",
                labels=DAYS,
                values=_daily(1.0),
                partial=[False] * 56 + [True] * 5,
                before={"name": "Previous period", "values": [*_daily(0.8)[:40], *[None] * 21]},
                annotations=[{"at": DAYS[20], "text": "Strike"}],
            ),
        ),
        "line-series": (
            "Several series over time",
            _money("line", period="monthly", labels=MONTHS[:11], series=series),
        ),
        "heatmap": (
            "Months and weekdays; a day without sales has no colour",
            _money(
                "heatmap",
                labels=WEEKDAYS,
                names=["Jul 2025", "Aug 2025", "Sep 2025", "Oct 2025"],
                values=[
                    [None if (at + day) % 9 == 0 else 900.0 * (at + 1) + 700 * day for day in range(7)]
                    for at in range(4)
                ],
            ),
        ),
        "world": (
            "Countries, small ones as dots",
            _money(
                "world",
                labels=["IND", "GBR", "USA", "SGP", "DEU"],
                names=["India", "United Kingdom, UK", "USA", "Singapore", "Germany"],
                values=[3_844_974.6, 3_219_425.0, 2_164_207.0, 84_872.4, 24_412.7],
                outlines=asset("world.json"),
            ),
        ),
    }


class Story(FlaskForm):
    class Meta:
        csrf = False

    name = StringField("Name")
    role = SelectField("Role", choices=[SelectChoice("clerk", "Clerk"), SelectChoice("manager", "Manager")])
    store = StringField("Store")


@blueprint.get("/storybook", endpoint="show")
@allow(Open.SIGNED_IN)
def show_storybook() -> ResponseReturnValue:
    return _page("")


@blueprint.get("/storybook/<name>", endpoint="component")
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


@blueprint.get("/storybook/charts", endpoint="charts")
@allow(Open.SIGNED_IN)
def charts() -> ResponseReturnValue:
    """Every kind of chart in every state."""
    return render_template("storybook/charts.html", figures=figures())


def register(app: Flask, *, development: bool) -> None:
    """Register the pages in development mode only."""
    if development:
        app.register_blueprint(blueprint)


def _sample_data() -> TemplateContext:
    """Sample data of the parts."""
    return {
        "query": QUERY,
        "columns": COLUMNS,
        "full": ListPage(QUERY, ROWS, 104, more=True),
        "uncounted": ListPage(ListQuery(), ROWS, more=True),
        "single": ListPage(ListQuery(), ROWS[:1], 1),
        "changes": CHANGES,
        "key_figures": KEY_FIGURES,
        "breakdown": BREAKDOWN,
        "fields": (FilterField("person", "salesperson", "Salesperson", PEOPLE[:1], PEOPLE, ()),),
        "problems": (
            {"line": 3, "column": "price", "message": "ten is not a number.", "remedy": "Write digits, such as 10.00."},
            {"line": 7, "column": "", "message": "The row has 4 cells, the header 5.", "remedy": "Add the cell."},
        ),
        "at": datetime(2026, 6, 30, 17, 5, tzinfo=UTC),
        "reminder": "Dear Mumbai, the sales of 28 and 29 June are not here yet. Please send them today.",
    }
