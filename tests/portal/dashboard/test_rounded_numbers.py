"""Numbers of the dashboards are rounded, with the exact one as title."""

import re
from decimal import Decimal

import pytest

from portal.formats import rounded, signed


@pytest.mark.parametrize(
    ("value", "currency", "like", "text", "title"),
    [
        (Decimal("9999.5"), "USD", 0, "9,999.50", ""),
        (Decimal("9999.5"), "USD", 10_000, "10,000", "9,999.50 USD"),
        (Decimal("993800.96"), "USD", 0, "993,801", "993,800.96 USD"),
        (Decimal(1_240_000), "JPY", 0, "1.24 M", "1,240,000 JPY"),
        (Decimal(-12_345_678), "USD", 0, "−12.3 M", "−12,345,678.00 USD"),
        (Decimal(123_456_789), "USD", 0, "123 M", "123,456,789.00 USD"),
        (2_500_000_000, "", 0, "2.50 bn", "2,500,000,000"),
        (1240, "", 0, "1,240", ""),
    ],
)
def test_a_rounded_number_keeps_its_exact_value(
    value: Decimal, currency: str, like: int, text: str, title: str
) -> None:
    written = rounded(value, currency, like)
    assert written.striptags() == text
    assert (re.findall(r'title="([^"]*)"', written) or [""]) == [title]


def test_a_rise_has_a_plus() -> None:
    assert signed(Decimal(5), "USD").striptags() == "+5.00"
    assert signed(Decimal(-5), "USD").striptags() == "−5.00"
    assert signed(None).striptags() == "–"
