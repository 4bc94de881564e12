"""A change that a page or a report prints is that of the figures beside it, whatever is compared."""

import csv
import re
from decimal import ROUND_HALF_UP, Decimal
from html import unescape

import pyarrow as pa
from flask import Flask, render_template
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from visitor import People, Work, indian_file, indian_sale

from tillstream.analytics.compared_figure import ComparedFigure
from tillstream.analytics.live_sales import StoreToday, TodaySales
from tillstream.delivery.export_table import csv_chunks, export_table
from tillstream.model.permissions import Role
from tillstream.reports import formats
from tillstream.reports.document import ReportTile

AMOUNTS = st.one_of(
    st.decimals(-(10**5), 10**7, places=9), st.sampled_from((Decimal(0), Decimal("0.004"), Decimal("27.71")))
)
STORES = st.builds(
    StoreToday,
    st.sampled_from(("IN", "UK")),
    st.text("ABC", min_size=1),
    AMOUNTS,
    st.integers(0, 300),
    AMOUNTS,
    st.integers(0, 300),
    st.just(0),
    st.booleans(),
)
DAYS = st.lists(STORES, max_size=4).map(lambda stores: TodaySales(tuple(stores)))
FIGURES = st.builds(ComparedFigure, AMOUNTS, AMOUNTS, AMOUNTS)
NUMBER = r"([−-]?[\d,]+(?:\.\d+)?)"
CHANGE = rf"([▲▼=])[^\d]*{NUMBER}%"
SETTINGS = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
"""The templates are the same for each example."""


def _text(html: str) -> str:
    """The text of a page, with the exact number of each that is rounded, and without that of screen readers."""
    html = re.sub(r'<abbr class="rounded" title="([^"]+?)(?: [A-Z]{3})?">.*?</abbr>', r"\1", html, flags=re.DOTALL)
    html = re.sub(r'<span class="visually-hidden">.*?</span>', "", html)
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).split())


def _number(text: str) -> Decimal:
    return Decimal(text.replace(",", "").replace("−", "-"))


def _check(now: str, sign: str, percent: str, before: str) -> None:
    one, base = _number(now), _number(before)
    change = ((one - base) / base * 100).quantize(Decimal("0.1"), ROUND_HALF_UP)
    assert abs(_number(percent)) == abs(change)
    assert sign == ("▲" if one > base else "▼" if one < base else "=")


@SETTINGS
@given(day=DAYS)
def test_changes_of_the_live_page_are_those_of_the_figures_beside_them(portal: Flask, day: TodaySales) -> None:
    same = len(day.comparable.stores)
    stores = [(store, store.store_id) for store in day.stores]
    with portal.test_request_context("/"):
        page = render_template(
            "live/today.html", today=day, comparable=same, selling=0, stores=stores, left_out=0, currency="GBP"
        )
    strip = re.findall(r'<p class="figure">(.*?)</p>\s*(?:<p class="change">(.*?)</p>)?', page, re.DOTALL)[:2]
    for (figure, change), wanted in zip(strip, (day.comparable.revenue, Decimal(day.comparable.orders)), strict=True):
        words = _text(change)
        match = re.fullmatch(rf"(?:{same} comparable stores?: {NUMBER} )?(?:{CHANGE} )?vs {NUMBER} at this .*", words)
        assert bool(match) == bool(same)
        if match and match[2]:
            _check(match[1] or _text(figure), *match.group(2, 3, 4))
            assert _number(match[1] or _text(figure)) == wanted.quantize(Decimal("0.01"), ROUND_HALF_UP)
    for row in re.findall(r"<tr><th scope=\"row\">.*?</tr>", page, re.DOTALL):
        now, _, before, _, change = (_text(cell) for cell in re.findall(r"<td.*?</td>", row, re.DOTALL))
        if "%" in change:
            sign, percent = re.findall(CHANGE, change)[0]
            _check(now, sign, percent, before)


@SETTINGS
@given(day=DAYS)
def test_the_change_of_the_start_page_is_that_of_the_figures_beside_it(portal: Flask, day: TodaySales) -> None:
    data = {"sales": day, "revenue": day.compared_revenue("GBP")}
    with portal.test_request_context("/"):
        page = render_template("dashboard/tiles/brief.html", items=[("today", data)], currency="GBP")
    part = rf"{NUMBER} GBP (?:\d+ comparable stores?: {NUMBER} )?{CHANGE} vs {NUMBER} last week"
    match = re.fullmatch(rf"Sales today {part}", _text(page))
    assert bool(match) == ("%" in page)
    if match:
        _check(match[2] or match[1], *match.group(3, 4, 5))


def _check_tile(one: ComparedFigure, whole: Decimal | int | None) -> None:
    """A change in the report is that of its figures, which are whole from 1,000 on."""
    figure = formats.printed_figure(one, "GBP")
    note = formats.tile_note(ReportTile("Revenue", "money", whole, [("before", figure)]), "GBP")
    match = re.fullmatch(rf"([+−]?{NUMBER})% on before \({NUMBER} after {NUMBER}\)", note)
    assert bool(match) == (figure.growth is not None and not figure.is_whole)
    if match:
        now, before = _number(match[3]), _number(match[4])
        _check(match[3], "▲" if now > before else "▼" if now < before else "=", match[2], match[4])


@SETTINGS
@given(one=FIGURES, is_whole=st.booleans())
def test_the_change_of_a_key_figure_has_its_own_figures_unless_it_is_of_the_whole(
    portal: Flask, one: ComparedFigure, is_whole: bool
) -> None:
    figure = (ComparedFigure.of_whole(one.whole, one.before) if is_whole else one).in_currency("GBP")
    with portal.test_request_context("/"):
        parts = portal.jinja_env.get_template("dashboard/parts.html").module
        page = _text(parts.change_of(figure, "vs May 2026", "GBP"))  # type: ignore[attr-defined]
    note = formats.tile_note(ReportTile("Revenue", "money", figure.whole, [("before", figure)]), "JPY")
    assert bool(page) == bool(note) == (figure.growth is not None)
    _check_tile(one, figure.whole)
    if figure.growth is None:
        return
    if figure.is_whole:
        match = re.fullmatch(rf"{CHANGE} vs May 2026", page)
        assert match
        _check(str(figure.whole), match[1], match[2], str(figure.before))
        assert re.fullmatch(rf"[+−]?{NUMBER}% on before", note)
    else:
        match = re.fullmatch(rf"compared: {NUMBER} {CHANGE} vs May 2026, {NUMBER}", page)
        assert match
        _check(*match.groups())
        assert re.fullmatch(rf"[+−]?{NUMBER}% on before \({NUMBER} after {NUMBER}\)", note)


@given(pairs=st.lists(st.tuples(AMOUNTS, AMOUNTS), min_size=1), is_whole=st.booleans())
def test_changes_in_a_file_are_those_of_the_figures_beside_them(
    pairs: list[tuple[Decimal, Decimal]], is_whole: bool
) -> None:
    """Sums of all changes too, if the file has all of them."""
    total = sum((now - before for now, before in pairs), Decimal(0)) + (0 if is_whole else 1)
    exact = [
        (now, before, now - before, (now - before) / before if before > 0 else None, total) for now, before in pairs
    ]
    names = ("revenue", "before", "change", "growth", "total_change")
    decimals = pa.decimal128(38, 9)
    columns = [
        pa.array([None if one is None else one.quantize(Decimal("1e-9")) for one in column], decimals)
        for column in zip(*exact, strict=True)
    ]
    rows = pa.record_batch(columns, names)
    text = b"".join(csv_chunks(export_table("customers-compared", [rows], currency="GBP"))).decode("utf-8-sig")
    written = list(csv.DictReader(text.splitlines()))
    changes = []
    for row in written:
        now, before = Decimal(row["revenue"]), Decimal(row["before"])
        changes.append(Decimal(row["change"]))
        assert changes[-1] == now - before
        growth = ((now - before) / before).quantize(Decimal("1e-9"), ROUND_HALF_UP) if before > 0 else ""
        assert row["growth"] == "" if growth == "" else Decimal(row["growth"]) == growth
    cents = total.quantize(Decimal("0.01"), ROUND_HALF_UP)
    assert {Decimal(row["total_change"]) for row in written} == {sum(changes) if is_whole else cents}


def test_changes_of_groups_are_those_of_the_figures_beside_them(person: People, work: Work) -> None:
    """10.006 after 10.004 INR: 10.01 after 10.00."""
    rows = [
        indian_sale("1", "10.004", date="01-05-2026 10:00"),
        indian_sale("2", "0.00", date="31-05-2026 10:00").replace("MUM01", "DEL01"),
        indian_sale("3", "10.006", date="01-06-2026 10:00"),
        indian_sale("4", "0.00", date="30-06-2026 10:00").replace("MUM01", "DEL01"),
    ]
    admin = person(Role.ADMIN)
    admin.upload(indian_file(*rows))
    work()
    june = "from=2026-06-01&to=2026-06-30&preset=own"
    words = {
        "/dashboard/tables/by-store": r"MUM01 IN 10\.01 100\.0% \+ 0\.01 ▲ up 0\.1%",
        "/dashboard/tiles/by-store": r"▲ up 0\.1%",
        "/dashboard/tiles/movers": r"\+ ?0\.01 of \+ ?0\.01 ▲ up 0\.1%",
        "/dashboard/tiles/headline": r"10\.01 .*▲ up 0\.1%",
        "/compare": r"MUM01 IN \+ 0\.01 ▲ up 0\.1% .* stores add up to \+ 0\.01 INR",
        "/explore": r"MUM01 10\.01 10\.00 0\.01 ▲ up 0\.1%",
    }
    own = {
        "/dashboard/tiles/movers": "&movers=by-store",
        "/explore": "&measure=revenue&by=store&against=previous",
        "/compare": "&groups=store",
    }
    for address, pattern in words.items():
        page = " ".join(re.sub(r"<[^>]+>", " ", admin.get(f"{address}?{june}{own.get(address, '')}").text).split())
        assert re.search(pattern, page), (address, page)
