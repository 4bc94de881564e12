"""Files with tips, gift cards and shipping among the products."""

from dataclasses import replace
from decimal import Decimal

from tests.strangers.case import Case
from tests.strangers.facts import Line, Plan, draw
from tests.strangers.tables import comma, delimited, plain
from tests.strangers.traps.taxes import BASE, GERMAN, case

TIPPED = 6
"""Each sixth sale has a tip, or a gift card."""


def with_rows(lines: list[Line], product: str, price: str) -> list[Line]:
    """The lines, and one more of a product that is no goods in some sales."""
    rows = []
    for line in lines:
        rows.append(line)
        if line.number == line.of and line.sale % TIPPED == 0:
            rows.append(replace(line, product=product, quantity=Decimal(1), price=Decimal(price)))
    return rows


def cases() -> list[Case]:
    lines = draw(Plan(941))
    english = BASE | {"Price": lambda line: plain(line.price), "Total": lambda line: plain(line.full)}
    german = GERMAN | {"Preis": lambda line: comma(line.price), "Betrag": lambda line: comma(line.full)}
    tips, cards = with_rows(lines, "Gratuity", "3.00"), with_rows(lines, "Geschenkgutschein", "25.00")
    posts = with_rows(lines, "DHL Paket", "4.90")
    types = {"Positionstyp": lambda line: "Versandposition" if line.product == "DHL Paket" else "Artikel"} | german
    answer = {"ignore.Geschenkgutschein": "yes"}
    return [
        replace(case("tip", lines, english), name="tip-among-the-products", build=lambda: delimited(tips, english)),
        replace(
            case("card", lines, german, delimiter=";", **answer),
            name="gift-card-among-the-products",
            build=lambda: delimited(cards, german, ";"),
        ),
        replace(
            case("post", lines, types, delimiter=";", **{"ignore.Versandposition": "yes"}),
            name="shipping-by-the-type-of-the-line",
            build=lambda: delimited(posts, types, ";"),
        ),
    ]
