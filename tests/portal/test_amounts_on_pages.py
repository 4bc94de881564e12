"""No page prints an amount with more decimals than its currency has, whatever a conversion leaves behind."""

import re
from html import unescape

import pytest
from routes import addresses, routes_of
from visitor import Visitor, Work, indian_file, indian_sale

from examples import long_but

SHARED = True
LONG = re.compile(r"\d\.\d{3,}(?![\d.])")
PRICE = re.compile(r"Unit (price|cost) [\d.,]+")
"""Prices of one unit may have more decimals."""
ARGUMENTS = {"sale_id": "MUM01/1", "region": "IN"}
SKIPPED = ("api", "static", "sign_in", "storybook", "swagger", "health", "metrics")
"""Blueprints without figures for people; the API has all digits."""
LARGEST = {"USD": 2, "JPY": 0}
"""Currency that is chosen → its decimals."""


def sell(admin: Visitor, work: Work) -> None:
    """Amounts that have long decimals in another currency, and one that its file has with a third one."""
    others = [indian_sale(str(number), f"{1932 + number}.{number % 90 + 10}") for number in range(2, 30)]
    sales = [indian_sale("1", "82.724"), *others]
    admin.upload(indian_file(*sales))
    work()


def words(page: str) -> str:
    """The text of a page, without scripts, styles and forms' values."""
    body = re.sub(r"(?s)<(script|style|svg|code|pre)\b.*?</\1>", " ", page.partition("<body")[2])
    return PRICE.sub("", unescape(" ".join(re.sub(r"(?s)<[^>]*>", " ", body).split())))


@pytest.mark.system
@pytest.mark.parametrize("currency", long_but(["JPY"], LARGEST))
def test_no_page_prints_more_decimals_than_the_currency_has(sold: Visitor, currency: str) -> None:
    wrong, with_figures = [], 0
    for rule in routes_of(sold.client.application):
        if rule.endpoint.split(".")[0] in SKIPPED or "/api/" in rule.rule:
            continue
        for address in addresses(rule, **ARGUMENTS):
            answer = sold.get(f"{address}{'&' if '?' in address else '?'}currency={currency}")
            if answer.status_code != 200 or "text/html" not in answer.content_type:
                answer.close()
                continue
            text = words(answer.text)
            with_figures += currency in text
            wrong += [f"{address}: {text[max(0, one.start() - 60) : one.end()]}" for one in LONG.finditer(text)]
            if not LARGEST[currency]:
                cells = re.findall(rf"[\d,]+\.\d+ {currency}\b", text)
                wrong += [f"{address}: {cell}" for cell in cells]
    assert not wrong, "\n".join(wrong)
    assert with_figures > 10, "pages with amounts were visited"
