"""Amounts of money as text: rounded as their currency is, half away from zero."""

from decimal import Decimal

import pytest

from tillstream.model.money import amount_text, example_text, price_text, round_amount


@pytest.mark.parametrize(
    ("amount", "currency", "text"),
    [
        ("82.724", "USD", "82.72"),
        ("114808.865622957", "USD", "114,808.87"),
        ("77.503224322", "EUR", "77.50"),
        ("0.125", "GBP", "0.13"),
        ("-0.125", "GBP", "-0.13"),
        ("0.135", "GBP", "0.14"),
        ("1932.5", "JPY", "1,933"),
        ("1.0005", "KWD", "1.001"),
        ("7", "INR", "7.00"),
        ("0.00012", "CLF", "0.0001"),
        ("12345678901234567890123456789.987654321", "USD", "12,345,678,901,234,567,890,123,456,789.99"),
    ],
)
def test_amounts_have_the_decimals_of_their_currency(amount: str, currency: str, text: str) -> None:
    assert amount_text(Decimal(amount), currency) == text
    assert round_amount(Decimal(amount), currency) == Decimal(text.replace(",", ""))


@pytest.mark.parametrize(
    ("price", "currency", "text"),
    [
        ("4.5", "USD", "4.50"),
        ("0.0125", "USD", "0.0125"),
        ("20.681", "USD", "20.681"),
        ("0.123456789", "USD", "0.1235"),
        ("1200.00", "JPY", "1,200"),
        ("0.25", "JPY", "0.25"),
        ("1.5", "KWD", "1.500"),
    ],
)
def test_prices_of_one_unit_have_more_decimals_if_they_need_them(price: str, currency: str, text: str) -> None:
    assert price_text(Decimal(price), currency) == text


@pytest.mark.parametrize(
    ("amount", "currency", "text"),
    [
        ("1200", "JPY", "1200"),
        ("1.5", "KWD", "1.500"),
        ("20.506", "EUR", "20.51"),
        ("1234.5", "", "1234.50"),
        ("1.2345", "", "1.2345"),
        ("1E+3", "", "1000.00"),
    ],
)
def test_an_amount_of_an_example_has_the_decimals_of_its_currency_or_all_that_it_has(
    amount: str, currency: str, text: str
) -> None:
    assert example_text(Decimal(amount), currency) == text
