"""A percentage of the executive report is that of the amounts that it prints beside it."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal

import pytest
import shop_of_two_stores

from tillstream.app import App
from tillstream.model.people import UNRESTRICTED
from tillstream.reports import executive, formats, outlook_narrative, sales_narrative
from tillstream.reports import facts as reports_facts
from tillstream.reports.document import QueryAnswer, ReportTable
from tillstream.reports.facts import ReportFacts, ReportSource

JUNE = reports_facts.chosen_period(date(2026, 6, 1), date(2026, 6, 30))


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    opened = shop_of_two_stores.app(tmp_path_factory.mktemp("percentages"))
    yield opened
    opened.close()


def _facts(app: App) -> ReportFacts:
    return ReportFacts(
        ReportSource(app.ports, app.contracts, UNRESTRICTED, JUNE, "GBP", app.settings.reporting_currency)
    )


def test_the_growth_of_the_headline_is_that_of_the_amounts_in_it(app: App) -> None:
    """1,234 after 1,100: of exact amounts, it is 12.3%."""
    facts = _facts(app)
    row = {"figure": "revenue", "value": Decimal("1234.49"), "before": Decimal("1099.51"), "year_before": None}
    facts.__dict__["growth"] = QueryAnswer("growth", [row])
    written = [formats.sentence_text(one) for one in sales_narrative.headline_sentences(facts)]
    assert "That is 12.2% more than the month before (1,100 GBP)." in written


def test_a_part_is_that_of_the_amounts_beside_it(app: App) -> None:
    """On paper, large amounts are whole; a workbook has their cents."""
    facts = _facts(app)
    row = {"region": "UK", "before": Decimal("1.006"), "year_before": None, "orders": 1, "growth": Decimal("2.5785")}
    groups = QueryAnswer("sales-by-dimension-compared", [
        row | {"item": "Tea", "revenue": Decimal("1500.49"), "revenue_share": Decimal("0.997607")},
        row | {"item": "Mug", "revenue": Decimal("3.6"), "revenue_share": Decimal("0.002393")},
    ])  # fmt: skip
    *_, table = executive._compared(facts, groups, "Categories", {})
    assert isinstance(table, ReportTable)
    assert formats.table_texts(table, "GBP")[1][:4] == ["Mug", "4", "0.3%", "+256.4%"]
    assert formats.share_text(formats.share_of_cells(table.rows[1][2], "GBP")) == "0.2%"
    target = {"region": "UK", "store": "", "salesperson": "", "category": "", "currency": "GBP"}
    amounts = {"goal": "1000.4", "sold": "333.5", "sold_since": "0.02", "expected": None, "projected": None}
    facts.__dict__["goals"] = QueryAnswer(
        "goals", [target | amounts | {"complete_through": None, "reached": "0.333387"}]
    )
    (goals,) = executive._goals(facts, {})
    assert formats.table_texts(goals, "GBP")[0][2:5] == ["1,000", "333.52", "33.4%"]
    (sentence,) = outlook_narrative.goal_sentences(facts, {})
    assert formats.sentence_text(sentence) == "Region UK reached 33.4% of its goal of 1,000 GBP."
    assert outlook_narrative.goals_behind(
        facts, amounts | {"currency": "GBP", "sold": "999.4", "expected": "1000.4"}
    ) == Decimal("0.0006")
