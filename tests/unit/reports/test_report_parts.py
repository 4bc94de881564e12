"""Periods, rounding, drawings and the characters of the font."""

from datetime import date
from decimal import Decimal
from xml.etree import ElementTree as ET

import pytest
from fontTools.ttLib import TTFont
from hypothesis import given
from hypothesis import strategies as st

from tillstream.delivery.typeset import FONTS, GLYPH_RANGES, replace_missing
from tillstream.model.errors import Rejected
from tillstream.reports import facts, formats, forms
from tillstream.reports.document import ReportChart


def test_whole_months_and_weeks_have_their_names() -> None:
    assert facts.chosen_period(date(2026, 2, 1), date(2026, 2, 28)).name == "February 2026"
    assert facts.chosen_period(date(2026, 10, 19), date(2026, 10, 25)).name == "week 43 of 2026"
    assert facts.chosen_period(date(2026, 10, 20), date(2026, 10, 26)).name == "20 October 2026 to 26 October 2026"
    assert facts.latest_period(facts.MONTH, date(2026, 1, 1)).name == "December 2025"
    assert facts.latest_period(facts.WEEK, date(2026, 11, 26)).first == date(2026, 11, 16)
    with pytest.raises(Rejected, match="before the first"):
        facts.chosen_period(date(2026, 2, 2), date(2026, 2, 1))
    with pytest.raises(Rejected, match="at most 400 days"):
        facts.chosen_period(date(2026, 1, 1), date(2027, 12, 31))


@given(st.lists(st.decimals(-(10**6), 10**6, places=4, allow_nan=False), min_size=1, max_size=12))
def test_rounded_parts_add_up_to_the_rounded_sum(values: list[Decimal]) -> None:
    parts = formats.rounded_parts(values, 0)
    assert sum(parts) == formats.rounded_parts([sum(values, Decimal(0))], 0)[0]
    assert all(abs(part - value) < 1 for part, value in zip(parts, values, strict=True))


def test_numbers_are_written_in_plain_english() -> None:
    assert (
        formats.money_text(Decimal("1234.5"), "GBP") == "1,234"
        or formats.money_text(Decimal("1234.5"), "GBP") == "1,235"
    )
    assert formats.money_text(Decimal("-12.345"), "GBP") == "−12.35"
    assert formats.money_text(Decimal(775), "GBP", like=5000) == "775"
    assert formats.money_text(Decimal(12), "JPY") == "12"
    assert formats.growth_text(Decimal("0.1234")) == "+12.3%"
    assert formats.growth_text(Decimal("-0.1")) == "−10.0%"
    assert formats.share_text(None) == "–"
    assert forms.short_number(-1_234_567) == "−1.23 M"


BARS = [("Before", 100.0), ("Volume & mix", 30.0), ("<Price>", -50.0), ("After", 80.0)]


@pytest.mark.parametrize(
    ("kind", "bars"),
    [
        ("columns", BARS),
        ("columns", [("a", 0.0), ("b", 0.0)]),
        ("columns", [("a", -5.0), ("b", 5.0)]),
        ("steps", BARS),
        ("steps", [("Before", 1000.0), ("Volume", 1.0), ("After", 1001.0)]),
        ("steps", [("Before", 0.0), ("New", 5.0), ("After", 5.0)]),
        ("steps", [("Before", 5.0), ("Lost", -8.0), ("After", -3.0)]),
        ("bars", BARS[:2]),
    ],
)
def test_a_chart_stays_inside_its_drawing(kind: str, bars: list[tuple[str, float]]) -> None:
    totals = (0, len(bars) - 1) if kind == "steps" else ()
    root = ET.fromstring(forms.chart_svg(ReportChart(kind, bars, "a chart", totals)))
    height = float(root.attrib["height"])
    shapes = [one for one in root if one.tag.endswith("rect")]
    assert len(shapes) == len(bars)
    for one in shapes:
        x, y, width, tall = (float(one.attrib[name]) for name in ("x", "y", "width", "height"))
        assert 0 <= x <= x + width <= forms.WIDTH
        assert -0.2 <= y <= y + tall <= height + 0.2


def test_the_list_of_characters_is_that_of_both_fonts() -> None:
    fonts = sorted(FONTS.glob("*.ttf"))
    assert len(fonts) == 2
    common = set.intersection(*(set(TTFont(font).getBestCmap()) for font in fonts))
    for line in GLYPH_RANGES.read_text().splitlines():
        first, last = (int(one, 16) for one in line.split("-"))
        assert set(range(first, last + 1)) <= common | {9, 10, 13}
    assert replace_missing("Größe ₹ €") == "Größe ₹ €"
    assert replace_missing("茶") == "?"
    assert "Open Font License" in (FONTS / "LICENSE-Inter.txt").read_text()
