"""Rows that are taken for totals are left out, unless a person changes it in the preview."""

import yaml
from upload_steps import look_at, text_of
from visitor import People

from tillstream.app import App
from tillstream.model.permissions import Role

ANSWERS = {"answer.region": "North", "answer.country": "AT", "answer.currency": "EUR", "answer.amount": "net"}


def orders() -> bytes:
    """Four orders of two lines, each with a row of its total."""
    lines = ["Order,Date,Item,Qty,Amount"]
    for number in range(1, 5):
        lines += [f"{number},2026-04-1{number},{item},1,{amount}" for item, amount in (("Mug", 7), ("Tea", 4))]
        lines.append(f"{number},2026-04-1{number},Order total,2,11")
    return "\n".join([*lines, ""]).encode()


def test_rows_that_are_taken_for_totals_can_be_kept(app: App, person: People) -> None:
    admin = person(Role.ADMIN)
    place = look_at(admin, orders(), "orders.csv")
    admin.post(f"{place}/answers", ANSWERS)
    page = admin.get(place).text
    assert "Rows left out: Item: Order total" in text_of(page)
    assert "Revenue 44.00 EUR" in text_of(page)
    assert 'name="answer.total_rows"' in page
    admin.post(f"{place}/answers", {"answer.total_rows": "no"})
    page = admin.get(place).text
    assert "Rows left out" not in text_of(page)
    assert "Revenue 88.00 EUR" in text_of(page)
    assert '<option value="no" selected>no, they are sales</option>' in page
    admin.post(f"{place}/save", {"name": "north"})
    assert "ignore_where" not in yaml.safe_load((app.settings.contracts / "north.yaml").read_text()).get("file", {})
