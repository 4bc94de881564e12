"""What if the price changes: computed for one category from the effect of past prices, within their range."""

import re
from datetime import date
from decimal import Decimal

import pytest
from forecast_steps import sell  # noqa: F401 - what the fixtures of the module begin with
from visitor import People, Visitor

from tillstream.app import App
from tillstream.forecasting.forecast_run import price_effect_rows
from tillstream.forecasting.price_effects import PriceEffect
from tillstream.model.permissions import Role

TOYS = "/forecast?region=UK&store=LDS1&category=Toys"


@pytest.fixture
def effects(sold: Visitor, app: App) -> None:
    """A clear effect on toys, none on the lamps."""
    rows = [
        PriceEffect("Toys", -2.0, -2.5, -1.5, True, 6, -0.2, 0.15),
        PriceEffect("Home & Kitchen", -0.2, -0.7, 0.3, False, 9, -0.1, 0.1),
    ]
    app.ports.warehouse.replace_table("price_effects", price_effect_rows(rows, date(2026, 6, 30)))


def rows_of(page: str) -> dict[str, list[str]]:
    """Label of each row → its cells as plain text."""
    table = re.search(r'aria-label="At the other price".*?</table>', page, re.DOTALL)
    assert table, page
    rows = re.findall(r'<tr><th scope="row">(.*?)</tr>', table[0], re.DOTALL)
    plain = [[re.sub(r"<[^>]*>", "", cell).strip() for cell in re.split(r"</t[hd]>", row)] for row in rows]
    return {cells[0]: cells[1:-1] for cells in plain}


def number(text: str) -> Decimal:
    return Decimal(text.replace(",", ""))


@pytest.mark.usefixtures("effects")
def test_a_lower_price_sells_more_units_for_less_revenue_each(sold: Visitor) -> None:
    page = sold.get(TOYS).text
    assert "At prices 10% lower, 23% more units were sold (80% range: 17% to 30%)." in page
    assert "From -20 to +15%" in page
    assert "At the other price" not in page
    rows = rows_of(sold.get(f"{TOYS}&price=-10").text)
    assert list(rows) == ["Units", "Revenue GBP", "Gross margin GBP"]
    now, then, low, high = (number(each) for each in rows["Units"][:4])
    assert abs(then - now / Decimal("0.81")) <= 1
    assert now < low < then < high
    now, then = (number(each) for each in rows["Revenue GBP"][:2])
    assert abs(then - now / Decimal("0.9")) <= Decimal("0.02")
    now, then = (number(each) for each in rows["Gross margin GBP"][:2])
    assert abs(then - now * Decimal("0.8") / Decimal("0.81")) <= Decimal("0.02"), "half of the price is cost"


@pytest.mark.usefixtures("effects")
def test_a_product_has_units_and_changes_of_the_others(sold: Visitor) -> None:
    rows = rows_of(sold.get(f"{TOYS}&product=TO-1&price=%2B10+%25").text)
    assert rows["Revenue"][:4] == ["–"] * 4
    assert "9.1" in rows["Revenue"][4], "1.1 units of money × 1.1 ** -2 units"


@pytest.mark.usefixtures("effects")
@pytest.mark.parametrize("price", ["-21", "16", "0", "nan", "1e9"])
def test_prices_that_were_never_tried_are_not_computed(sold: Visitor, price: str) -> None:
    page = sold.get(f"{TOYS}&price={price}").text
    assert "Enter a change from -20% to +15%, other than 0." in page
    assert "At the other price" not in page


@pytest.mark.usefixtures("effects")
def test_what_is_no_number_is_refused_with_advice(sold: Visitor) -> None:
    assert "“cheap” is not a number. Write a change in percent, such as -10." in sold.get(f"{TOYS}&price=cheap").text


@pytest.mark.usefixtures("effects")
def test_without_a_clear_effect_nothing_can_be_entered(sold: Visitor) -> None:
    page = sold.get("/forecast?region=UK&store=LDS1&category=Home+%26+Kitchen&price=-5").text
    assert "9 products changed, without a clear effect on units" in page
    assert 'name="price"' not in page
    assert "What if" not in sold.get("/forecast?region=UK").text, "only one category has an effect"


@pytest.mark.usefixtures("effects")
def test_the_api_has_the_effects(sold: Visitor, person: People) -> None:
    answer = sold.get("/api/v1/price-effects").get_json()
    assert [row["category"] for row in answer["rows"]] == ["Home & Kitchen", "Toys"]
    assert person(Role.SALESPERSON, "UK").get("/api/v1/price-effects").status_code == 403


def test_too_few_changed_prices_are_explained(sold: Visitor) -> None:
    assert "It needs 5 products whose list price in the catalogue" in sold.get(TOYS).text
