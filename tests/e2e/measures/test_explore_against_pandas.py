"""Each number of a saved view of Explore equals an independent calculation with pandas, on each page of its table."""

import html
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import pandas as pd
import pandas_measures as oracle
import pytest
from portal_factory import create_app
from test_against_pandas import CURRENCIES, MONTHS, Shop, last_day, shop, with_comparison

from tests.portal.visitor import PASSWORD, Visitor
from tillstream.model import countries
from tillstream.model.permissions import Role
from tillstream.people import accounts

__all__ = ["shop"]
FILES = ["sales-data-sample", pytest.param("online-retail", marks=pytest.mark.long)]
pytestmark = [pytest.mark.system, pytest.mark.parametrize("shop", FILES, indirect=True, scope="module")]
Cells = list[Decimal | None]
SUMS = ("revenue", "orders", "units", "lines", "average_order_value", "customers")
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
ROW, CELL = re.compile(r"<tr>(.*?)</tr>", re.DOTALL), re.compile(r"<t[hd][^>]*>(.*?)</t[hd]>", re.DOTALL)
LOGIN = "explorer"


@dataclass(frozen=True)
class View:
    """A saved view. `over`: months of the period, from that of MONTHS on; 0: all days. `most`: values of `narrowed`."""

    measures: Sequence[str]
    by: Sequence[str] = ()
    over: int = 0
    narrowed: str = ""
    most: int = 2


VIEWS = (
    View(SUMS),
    View(SUMS, ("category", "country")),
    View(SUMS, ("region", "status")),
    View(SUMS, ("month",), narrowed="country"),
    View(SUMS, ("weekday",), over=1),
    View(SUMS, ("country", "month"), over=3, narrowed="category"),
    View(("units", "revenue"), ("store", "quarter"), narrowed="status", most=1),
    View(("orders",), (), over=2, narrowed="category"),
)


@pytest.fixture
def explorer(shop: Shop) -> Visitor:
    _, app, _ = shop
    if not app.ports.documents.get("users", LOGIN):
        accounts.add_account(app.ports, LOGIN, LOGIN, Role.ADMIN, password=PASSWORD)
    visitor = Visitor(create_app(app, testing=True).test_client())
    visitor.sign_in(LOGIN)
    return visitor


def _label(name: str, value: Any) -> str:
    if value is None or value == "":
        return "Unknown"
    match name:
        case "country":
            return countries.country_name(str(value))
        case "weekday":
            return WEEKDAYS[int(value) - 1]
        case "month":
            return f"{value:%b %Y}"
        case "quarter":
            return f"Q{(value.month + 2) // 3} {value.year}"
        case _:
            return str(value)


def _text(cell: str) -> str:
    """What a cell shows, without the mark of a period that is not complete; the code beside a name in its place."""
    cell = cell.replace('<span class="quiet">not complete</span>', "")
    code = re.search(r'<span class="quiet">(.*?)</span>', cell)
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", code[1] if code else cell)).split())


def _number(cell: str) -> Decimal | None:
    exact = re.search(r'<data value="([^"]*)"', cell)
    return Decimal(exact[1]) if exact else None


def _rows(visitor: Visitor, address: str, labels: int) -> dict[tuple[str, ...], list[str]]:
    """labels of a row → its cells, from all pages of the table."""
    rows: dict[tuple[str, ...], list[str]] = {}
    for number in range(1, 101):
        page = visitor.get(f"{address}&size=100&page={number}").text
        body = page.partition('<table class="figures')[2].partition("</table>")[0].partition("<tbody>")[2]
        for row in ROW.findall(body):
            cells = CELL.findall(row)
            rows[tuple(_text(cell) for cell in cells[:labels])] = cells[labels:]
        if 'rel="next"' not in page:
            return rows
    raise AssertionError(f"{address} has more than 100 pages")


def _saved(visitor: Visitor, query: str) -> str:
    """The address that a saved view opens."""
    answer = visitor.post("/views", {"name": "Checked", "address": f"/explore?{query}"})
    assert answer.status_code == 303
    address: str = answer.headers["Location"]
    return address


def _period(name: str, months: int) -> tuple[date, date]:
    first = MONTHS[name]
    at = first.month - 1 + months - 1
    return first, last_day(date(first.year + at // 12, at % 12 + 1, 1))


def _query(name: str, measures: Sequence[str], by: Sequence[str], period: tuple[date, date] | None) -> str:
    parts = [f"measure={one}" for one in measures] + [f"by={one}" for one in by] + ([] if by else ["by="])
    dates = f"preset=own&from={period[0]}&to={period[1]}" if period else "preset=all"
    return "&".join([*parts, dates, f"currency={CURRENCIES[name]}"])


def _narrowed(frame: pd.DataFrame, view: View) -> list[str]:
    if not view.narrowed:
        return []
    return sorted(str(one) for one in frame[view.narrowed].dropna().unique())[: view.most]


@pytest.mark.parametrize("view", VIEWS, ids=lambda view: "-".join([*view.by, view.narrowed, str(view.over)]))
def test_each_number_of_a_saved_view_is_that_of_pandas(shop: Shop, explorer: Visitor, view: View) -> None:
    name, _, frame = shop
    period = _period(name, view.over) if view.over else None
    selected = frame if period is None else frame[(frame.sale_date >= period[0]) & (frame.sale_date <= period[1])]
    chosen = _narrowed(frame, view)
    if chosen:
        selected = selected[selected[view.narrowed].isin(chosen)]
    query = _query(name, view.measures, view.by, period) + "".join(f"&{view.narrowed}={one}" for one in chosen)
    selection = oracle.Selection(selected, frame, *(period or ()))
    expected = {
        tuple(_label(by, value) for by, value in zip(view.by, group, strict=True)): [
            one[each] for each in view.measures
        ]
        for group, one in oracle.values(selection, tuple(view.by), list(view.measures)).items()
    }
    rows = _rows(explorer, _saved(explorer, query.replace(" ", "+")), len(view.by))
    assert {labels: [_number(cell) for cell in cells] for labels, cells in rows.items()} == expected
    assert rows


@pytest.mark.parametrize("by", ["category", "country"])
def test_each_number_of_a_comparison_is_that_of_pandas(shop: Shop, explorer: Visitor, by: str) -> None:
    name, _, frame = shop
    names = ["revenue", "orders", "units"]
    period = _period(name, 1)
    selection = with_comparison(frame, MONTHS[name])
    assert selection.before is not None
    now = oracle.values(oracle.Selection(selection.now, frame), (by,), names)
    before = oracle.values(oracle.Selection(selection.before, frame), (by,), names)
    address = _saved(explorer, _query(name, names, [by], period) + "&against=previous")
    rows = _rows(explorer, address, 1)
    assert rows.keys() == {(_label(by, group),) for (group,) in now.keys() | before.keys()}
    for key in now.keys() | before.keys():
        cells = rows[(_label(by, key[0]),)]
        for place, one in enumerate(names):
            new, old = now.get(key, {}).get(one), before.get(key, {}).get(one)
            change = None if new is None and old is None else (new or 0) - (old or 0)
            assert [_number(cell) for cell in cells[4 * place : 4 * place + 3]] == [new, old, change]
            assert _growth(cells[4 * place + 3]) == (
                None
                if new is None or old is None or old <= 0
                else pytest.approx(float(new - old) / float(old), abs=6e-4)
            )


def _growth(cell: str) -> float | None:
    """The change as the page shows it, with its sign."""
    shown = re.search(r"([\d,.]+)\s*%", cell)
    if not shown:
        return None
    return float(shown[1].replace(",", "")) / 100 * (-1 if "growth down" in cell else 1)


def test_each_number_across_columns_is_that_of_pandas(shop: Shop, explorer: Visitor) -> None:
    name, _, frame = shop
    period = _period(name, 4)
    selected = frame[(frame.sale_date >= period[0]) & (frame.sale_date <= period[1])]
    expected: dict[tuple[str, ...], dict[str, Decimal | None]] = {}
    for (country, month), one in oracle.values(
        oracle.Selection(selected, frame), ("country", "month"), ["revenue"]
    ).items():
        expected.setdefault((_label("country", country),), {})[_label("month", month)] = one["revenue"]
    months = sorted(
        {month for row in expected.values() for month in row}, key=lambda text: pd.to_datetime(text, format="%b %Y")
    )
    address = _saved(explorer, _query(name, ["revenue"], ["country"], period) + "&across=month")
    rows = _rows(explorer, address, 1)
    assert {key: [_number(cell) for cell in cells] for key, cells in rows.items()} == {
        key: [row.get(month) for month in months] for key, row in expected.items()
    }
