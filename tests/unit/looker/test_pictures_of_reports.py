"""The pictures of the reports: one for each page, with the charts of its definition, drawn from rows of the views."""

import re
from datetime import date
from xml.etree import ElementTree as ET

import pytest

from docs.generate.api_calls import company
from docs.generate.looker.pictures import FOLDER, file_name, pictures
from docs.generate.looker.pictures.charts import CHART_TYPES, Panel, draw
from docs.generate.looker.pictures.svg import compact, fitted, shown
from looker.definitions import Chart, reports

NAMES = {file_name(report, page) for report in reports().values() for page in report.pages}
MOST_BYTES = 80_000


@pytest.fixture(scope="module")
def drawn() -> dict[str, str]:
    """The pictures with the sales of a small company, which has no forecasts."""
    with company() as (app, _, _):
        app.ports.warehouse.refresh_totals()
        return dict(pictures(app.ports.warehouse))


def content(svg: str) -> list[str]:
    """The titles and controls of a picture, and the places of its charts."""
    titles = re.findall(r'font-size="(?:13|20)"[^>]*>([^<]+)<', svg)
    return [*titles, *re.findall(r">([^<]+) ▾<", svg), *re.findall(r"translate\([^)]+\)", svg)]


@pytest.mark.parametrize("name", sorted(NAMES))
def test_a_picture_has_the_charts_of_its_definition(name: str, drawn: dict[str, str]) -> None:
    stored = (FOLDER / name).read_text(encoding="utf-8")
    assert content(stored) == content(drawn[name]), "run make pictures"
    assert len(stored) < MOST_BYTES
    assert ET.fromstring(stored).tag.endswith("svg")


def test_there_is_a_picture_for_each_page(drawn: dict[str, str]) -> None:
    assert {path.name for path in FOLDER.iterdir()} == NAMES == set(drawn)


def test_every_type_of_chart_is_drawn() -> None:
    assert {chart.type for report in reports().values() for chart in report.charts} <= CHART_TYPES


def test_a_chart_shows_its_rows() -> None:
    bars = Chart(type="bar", title="By region", source="sales", dimensions=["region"], metrics=["revenue"], where={})
    svg = draw(Panel(bars, [{"region": "IN", "revenue": 1500}, {"region": None, "revenue": 20}], [], 400, 236))
    assert re.findall(r">([^<]+)</text>", svg) == ["By region", "IN", "1.5K", "–", "20"]
    assert [float(width) for width in re.findall(r'width="([\d.]+)" height="\d[\d.]*" fill="#0072f0"', svg)] == [
        210,
        2.8,
    ]


def test_a_comparison_shows_the_change() -> None:
    card = Chart(
        type="scorecard", title="Revenue", source="sales", metrics=["revenue"], compare="previous year", where={}
    )
    assert "▲ 50.0%" in draw(Panel(card, [{"revenue": 150}], [{"revenue": 100}], 200, 88))
    assert "▼ 20.0%" in draw(Panel(card, [{"revenue": 80}], [{"revenue": 100}], 200, 88))


def test_numbers_are_compact() -> None:
    assert [compact(one) for one in (0, 12.5, 999, 1234, 5.6e6, 2e9)] == ["0", "12.50", "999", "1.2K", "5.6M", "2.0B"]
    assert shown(0.386, "margin_rate") == "38.6%"
    assert shown(date(2026, 7, 1)) == "01 Jul 2026"
    assert shown(date(2026, 7, 1), granularity="month") == "Jul 2026"
    assert fitted("Noise-Cancelling Headphones", 60) == "Noise-C…"
