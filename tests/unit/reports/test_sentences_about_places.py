"""Which store a report names as the one that shrank fastest."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
import shop_of_two_stores

from tillstream.app import App
from tillstream.model.people import UNRESTRICTED
from tillstream.reports import facts, sales_narrative
from tillstream.reports.document import QueryAnswer
from tillstream.reports.facts import ReportFacts, ReportSource


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    opened = shop_of_two_stores.app(tmp_path_factory.mktemp("places"))
    yield opened
    opened.close()


def _row(store: str, revenue: int, before: int, total: int) -> dict[str, Any]:
    now, then = Decimal(revenue), Decimal(before)
    growth = (now - then) / then if then else None
    shares = {"revenue_share": now / total, "growth": growth}
    return {"region": "IN", "item": store, "revenue": now, "before": then} | shares


def _sentences(app: App, *stores: tuple[str, int, int]) -> list[str]:
    total = sum(revenue for _, revenue, _ in stores)
    answer = QueryAnswer("stores-compared", [_row(*store, total) for store in stores])
    month = facts.latest_period(facts.MONTH, shop_of_two_stores.NOW.date())
    source = ReportSource(app.ports, app.contracts, UNRESTRICTED, month, "GBP", app.settings.reporting_currency)
    named = sales_narrative.place_sentences(ReportFacts(source), answer, "store", "stores", {})
    return ["".join(part if isinstance(part, str) else f"{part.value:.3f}" for part in one.parts) for one in named]


def test_a_store_that_lost_nearly_everything_shrank_fastest(app: App) -> None:
    named = _sentences(
        app, ("Large", 900, 1000), ("Small", 20, 200), ("Closed", 0, 150), ("New", 80, 0), ("Tiny", 1, 10)
    )
    assert named[-1].startswith("Of the stores, Closed shrank fastest, by 1.000")
    assert not any("New grew" in one or "Tiny" in one for one in named)
