"""Shares on both sides of a comparison: their change is in percentage points, on the page, a tile, and in files."""

import csv
import html
import io
import re

from explored_table import rows_of
from visitor import Visitor, Work, indian_file, indian_sale, page_words

SHARED = True
JUNE = "from=2026-06-01&to=2026-06-30&preset=own"
COMPARED = f"measure=discount_rate&by=store&against=previous&{JUNE}"


def _sale(number: str, date: str, store: str, discount: int) -> str:
    """100 before the discount."""
    net = 100 - discount
    line = indian_sale(number, f"{net}.00", date=f"{date} 10:00").replace("MUM01", store)
    return line.replace(f",1,{net}.00,0.00,", f",1,100.00,{discount}.00,")


def sell(admin: Visitor, work: Work) -> None:
    """The discount of MUM01 rises from 10% to 25%, that of DEL01 falls from 20% to 15%; PUN01 sells in June only."""
    rows = [_sale("1", "01-05-2026", "MUM01", 10), _sale("2", "02-05-2026", "DEL01", 20)]
    rows += [_sale("3", "29-06-2026", "MUM01", 25), _sale("4", "30-06-2026", "DEL01", 15)]
    rows += [_sale("5", "30-06-2026", "PUN01", 20)]
    admin.upload(indian_file(*rows))
    work()


def test_the_change_of_a_share_is_in_points(sold: Visitor) -> None:
    page = sold.get(f"/explore?{COMPARED}&sort=-discount_rate.change").text
    assert [row[1:] for row in rows_of(page)] == [
        ["25.0%", "10.0%", "▲ up 15.0"],
        ["15.0%", "20.0%", "▼ down 5.0"],
        ["20.0%", "–", "–"],
    ]
    assert "Discount rate, change, points" in page
    assert "Discount rate, change, %" not in page


def test_groups_are_limited_by_the_change_in_points(sold: Visitor) -> None:
    page = sold.get(f"/explore?{COMPARED}&having=discount_rate.change&having-is=below&having-value=-4.5").text
    assert [row[0] for row in rows_of(page)] == ["DEL01"]
    assert "Discount rate, change, points less than -4.5 " in page


def test_a_file_has_the_points_of_the_page(sold: Visitor) -> None:
    page = sold.get(f"/explore?{COMPARED}").text
    link = re.search(r'href="(/explore/shown[^"]*format=csv[^"]*)"', page)
    assert link
    rows = list(csv.DictReader(io.StringIO(sold.get(html.unescape(link[1])).text.removeprefix("\ufeff"))))
    points = {row["store"]: row["Discount rate, change, points"] for row in rows}
    assert points == {"MUM01": "15", "DEL01": "-5", "PUN01": ""}


def test_a_tile_with_one_number_has_the_points(sold: Visitor) -> None:
    query = f"measure=discount_rate&by=none&against=previous&{JUNE}"
    tile = sold.get(f"/explore/tile?show=number&slot=explore&{query}").text
    assert page_words(tile).startswith("20.0% ▲ up 5.0 points vs 1 – 31 May 2026")
