"""An imported cost that changes past margins is shown with its effect before it is imported."""

import io
import re

import pytest
from test_new_codes import PAGE, ids, sell, text
from visitor import Visitor
from werkzeug.test import TestResponse

from portal.catalogue import change_previews

__all__ = ["sell"]  # the sales of the fixture `sold`
IMPORT = "/catalogue/products/import"


def preview(boss: Visitor, kind: str, *rows: str) -> TestResponse:
    head = {"costs": "code,cost,region,currency,valid_from", "prices": "code,price,region,currency,valid_from"}[kind]
    content = "\n".join([head, *rows]).encode()
    return boss.post(IMPORT, {"kind": kind, "file": (io.BytesIO(content), "costs.csv")})


def test_the_preview_of_costs_shows_what_they_change_in_past_margins(sold: Visitor) -> None:
    sold.post(PAGE, {"answer": "accept", "code": ids(sold.get(PAGE))})
    page = text(preview(sold, "costs", "P1,40,IN,INR,2026-06-01", "P2,1,IN,INR,2090-01-01"))
    assert "Effect on past margins" in page
    assert re.search(r"Kettle P1 INR .* 3 no cost 180(\.00)? – 60", page)
    assert "Pot P2 INR" not in page
    assert "not computed here" not in page


def test_costs_of_later_days_and_prices_have_no_effect_on_the_past(sold: Visitor) -> None:
    sold.post(PAGE, {"answer": "accept", "code": ids(sold.get(PAGE))})
    for kind, row in (("costs", "P1,40,IN,INR,2090-01-01"), ("prices", "P1,40,IN,INR,2026-06-01")):
        page = text(preview(sold, kind, row))
        assert "Import the file" in page
        assert "Effect on past margins" not in page


def test_costs_in_two_new_currencies_count_with_the_rate_of_each(sold: Visitor) -> None:
    sold.post(PAGE, {"answer": "accept IN:P1"})
    rows = ("P1,1,IN,USD,2026-06-01", "P1,40,IN,INR,2026-06-02")
    assert re.search(r"Kettle P1 INR .* 3 no cost 180(\.00)? ", text(preview(sold, "costs", *rows)))


def test_products_without_a_computed_effect_are_counted(sold: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    sold.post(PAGE, {"answer": "accept", "code": ids(sold.get(PAGE))})
    monkeypatch.setattr(change_previews, "MAX_EFFECTS", 1)
    page = text(preview(sold, "costs", "P1,40,IN,INR,2026-06-01", "P2,1,IN,INR,2026-06-01"))
    assert "1 further product has new costs for past days, which are not computed here." in page
    assert "Kettle P1 INR" in page
    assert "Pot P2 INR" not in page
