"""Steps on the pages of orders."""

import re
from typing import Any

from order_steps import KETTLE, LAMP
from visitor import Visitor
from werkzeug.test import TestResponse

from tillstream.adapters.local.clock import ManualClock


def fields(page: TestResponse) -> dict[str, Any]:
    """The fields of the last form of a page: a list for those of rows."""
    form = page.text.rpartition('<form class="panel"')[2].partition("</form>")[0]
    inputs = [dict(re.findall(r'(name|value)="([^"]*)"', one)) for one in re.findall(r"<input[^>]*>", form)]
    values: dict[str, Any] = {}
    for one in inputs:
        name, value = one.get("name", ""), one.get("value", "")
        if name in {"product", "product_name", "units", "unit_cost"}:
            values.setdefault(name, []).append(value)
        elif name != "csrf_token":
            values[name] = value
    return values


def filled(page: TestResponse, units: dict[str, str], **changes: Any) -> dict[str, Any]:
    """The fields of a page with other units by product."""
    form = fields(page)
    form["units"] = [units.get(product, before) for product, before in zip(form["product"], form["units"], strict=True)]
    return form | changes


def created(visitor: Visitor, units: dict[str, str] | None = None, **changes: Any) -> str:
    """A draft of 12 kettles and 2 lamps, or of other units; its number."""
    page = visitor.get("/orders/new?supplier=ACME&place=IN/MUM01")
    answer = visitor.post("/orders/new", filled(page, units or {KETTLE: "12", LAMP: "2"}, **changes))
    assert answer.status_code == 303, answer.text
    return str(answer.location).rpartition("/")[2]


def sent(visitor: Visitor, units: dict[str, str] | None = None, **form: str) -> str:
    number = created(visitor, units)
    answer = visitor.post(f"/orders/{number}/send", form)
    assert answer.status_code == 303, answer.text
    return number


def received(visitor: Visitor, number: str, units: dict[str, str] | None = None, **changes: Any) -> TestResponse:
    page = visitor.get(f"/orders/{number}/receive")
    return visitor.post(f"/orders/{number}/receive", filled(page, units or {}, **changes))


def later(visitor: Visitor, clock: ManualClock, days: int = 1) -> None:
    """Sign in again after some days: sessions end earlier."""
    clock.advance(days * 86_400)
    assert visitor.sign_in("mira").status_code == 303
