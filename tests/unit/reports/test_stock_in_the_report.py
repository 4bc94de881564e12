"""The stock section of the executive report: value at cost, best sellers out of stock, and what to check."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import shop_of_two_stores
from shop_of_two_stores import LAST

from tillstream.analytics import queries
from tillstream.app import App
from tillstream.catalogue import entry_saving, warehouse_mirror
from tillstream.commands.registry import COMMANDS
from tillstream.commands.result import quiet
from tillstream.model.people import UNRESTRICTED, scope_of
from tillstream.model.permissions import Role
from tillstream.model.product_catalogue import DatedAmount, EntryKind, Product
from tillstream.reports import executive, facts, formats, forms, stock_section, workbook
from tillstream.reports import facts as facts_module
from tillstream.reports.document import FORMULAS, ReportSection, ReportTable
from tillstream.reports.facts import ReportFacts, ReportSource
from tillstream.stock import stored_levels, stored_movements
from tillstream.stock.movements import Movement, MovementKind, MovementLine

JUNE = facts.chosen_period(date(2026, 6, 1), date(2026, 6, 30))
COUNTED, EMPTY = date(2026, 5, 30), date(2026, 6, 20)
COSTS = {"TO-1": "5", "TO-2": "2.5", "HK-1": "10", "OLD": "2"}
COUNTS = [("LDS1", "TO-1", COUNTED, 100), ("MAN1", "TO-2", COUNTED, 10), ("MAN1", "HK-1", COUNTED, 5000)]
COUNTS += [("MAN1", "OLD", COUNTED, 50), ("LDS1", "TO-1", EMPTY, 0)]


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """Kites (TO-1) end in LDS1 on 20 June, more balls (TO-2) were sold in MAN1 than counted, and nobody buys OLD."""
    opened = shop_of_two_stores.app(tmp_path_factory.mktemp("stock"), EMPTY)
    later = shop_of_two_stores.content(date(2026, 6, 21), LAST).decode("cp1252").splitlines()
    path = Path(tmp_path_factory.mktemp("later")) / "UK-later.csv"
    path.write_bytes("\n".join(line for line in later if "LDS1TO-1" not in line).encode("cp1252"))
    COMMANDS["ingest"](opened, quiet, files=[str(path)], contract="UK")
    for code, cost in COSTS.items():
        product = Product(code, code, costs=(DatedAmount("*", "GBP", Decimal(cost)),))
        entry_saving.save_entry(opened.ports, EntryKind.PRODUCT, product, if_version=0, by="boss", regions=("UK",))
    warehouse_mirror.sync_mirror(opened.ports)
    count(opened, COUNTS)
    yield opened
    opened.close()


def count(opened: App, counted: list[tuple[str, str, date, int]]) -> None:
    movements = [
        Movement(f"{store}-{code}-{day}", MovementKind.COUNT, "UK", store, day, (MovementLine(code, Decimal(units)),))
        for store, code, day, units in counted
    ]
    stored_movements.record_movements(opened.ports, movements, by="boss")
    stored_levels.refresh_levels(opened.ports)


def source(app: App, **changes: Any) -> ReportSource:
    basis = ReportSource(app.ports, app.contracts, UNRESTRICTED, JUNE, "GBP", app.settings.reporting_currency)
    return replace(basis, portal="https://sales.example", **changes)


def section_of(of: ReportSource) -> ReportSection:
    return stock_section.stock_section(ReportFacts(of), names={})


def texts(section: ReportSection) -> list[str]:
    return [formats.sentence_text(one) for one in section.sentences]


def tables(section: ReportSection) -> dict[str, ReportTable]:
    return {one.title: one for one in section.blocks if isinstance(one, ReportTable)}


def test_without_counts_the_section_is_a_hint_to_count(tmp_path: Path) -> None:
    opened = shop_of_two_stores.app(tmp_path)
    section = section_of(source(opened))
    assert texts(section) == ["Nothing was counted yet. Count a store, and its stock is reported here."]
    assert (section.sentences[0].page, section.blocks) == ("/stock", ())
    opened.close()


def test_the_section_states_value_missing_best_sellers_and_questions(shop: App) -> None:
    section = section_of(source(shop))
    value, lost, out, missed, now_out, negative, unsold = texts(section)
    assert value.startswith("On 30 June 2026, stock was worth ")
    assert value.endswith("at cost. On 31 May 2026, it was worth 50,625 GBP.")
    assert (
        lost == "In counts, write-offs and other corrections of stock, more was lost than found, by 70.00 GBP at cost."
    )
    assert out == "Best sellers that were out of stock longest: TO-1 in LDS1 on 10 days."
    assert missed.startswith("At the revenue of their days with stock, best sellers out of stock missed ")
    assert now_out == "Now, 1 product in a store has no stock."
    assert negative.startswith(
        "Now, 1 product in a store has negative stock: more was sold than there was. Is a delivery"
    )
    assert unsold == "Now, 1 product in a store has stock, and no sales in the last 56 days, worth 100.00 GBP at cost."
    pages = [one.page for one in section.sentences]
    shrinkage = "/stock/reports/shrinkage?from=2026-06-01&to=2026-06-30"
    assert pages == ["/stock", shrinkage, *["/stock?status=out"] * 3, "/stock?status=negative", "/stock"]


def test_every_number_of_the_section_is_that_of_its_query(shop: App) -> None:
    numbers = [number for sentence in section_of(source(shop)).sentences for number in sentence.numbers]
    for number in numbers:
        values = []
        for cell in number.cells:
            answer = queries.run_query(
                shop.ports.warehouse, cell.query, UNRESTRICTED, cell.filters, **dict(cell.params)
            ).to_pylist()
            (row,) = [row for row in answer if all(row[name] == value for name, value in cell.where)]
            values.append(Decimal(row[cell.column]))
        assert FORMULAS[number.formula](*values) == number.value
    assert len(numbers) == 9


def test_missed_revenue_is_the_mean_of_the_days_with_stock(shop: App) -> None:
    text = (
        "SELECT SUM(active_net) AS revenue FROM line_facts WHERE store_id = 'LDS1' AND product = 'TO-1' "
        "AND sale_date BETWEEN DATE '2026-06-01' AND DATE '2026-06-30'"
    )
    (sold,) = shop.ports.warehouse.query(text).to_pylist()
    table = tables(section_of(source(shop)))["Best sellers out of stock"]
    ((product, store, days, state, missed),) = table.rows
    assert (product, store, days, state) == ("TO-1", "LDS1", 10, "Out")
    assert missed == pytest.approx(sold["revenue"] / 20 * 10)


def test_the_value_is_by_region_and_of_one_region_by_category(shop: App) -> None:
    ((region, before, after, change),) = tables(section_of(source(shop)))["Stock at cost by region"].rows
    assert (region, before, after - before) == ("UK", 50_625, change)
    categories = tables(section_of(source(shop, region="UK")))["Stock at cost by category"].rows
    assert sum(row[1] for row in categories) == before
    assert sum(row[2] for row in categories) == after


def test_shrinkage_is_by_region_and_of_one_region_by_store(shop: App) -> None:
    text = (
        "SELECT SUM(units) AS sold FROM line_facts WHERE store_id = 'LDS1' AND product = 'TO-1' AND is_active "
        "AND sale_date BETWEEN DATE '2026-05-31' AND DATE '2026-06-20'"
    )
    (row,) = shop.ports.warehouse.query(text).to_pylist()
    missing = 100 - row["sold"]  # 100 were counted before these sales, none after them
    ((region, lost, gained, cost),) = tables(section_of(source(shop)))["Shrinkage by region"].rows
    assert (region, lost, gained, cost) == ("UK", missing, 0, 5 * missing)
    ((store, *of_store),) = tables(section_of(source(shop, region="UK")))["Shrinkage by store"].rows
    assert (store, of_store) == ("LDS1", [lost, gained, cost])
    may = facts.chosen_period(date(2026, 5, 1), date(2026, 5, 31))
    assert "Shrinkage by region" not in tables(section_of(source(shop, period=may)))


def test_a_reader_without_costs_or_of_one_store_has_no_others(shop: App) -> None:
    of_one_store = section_of(source(shop, scope=scope_of(Role.SALESPERSON, ("UK",), ("MAN1",), "T1")))
    assert not any("cost" in text or "LDS1" in text for text in texts(of_one_store))
    assert tables(of_one_store) == {}
    assert any("negative stock" in text for text in texts(of_one_store))


def test_the_value_of_past_days_is_left_out_of_large_ledgers(shop: App, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(facts_module, "MAX_LINES", 10)
    section = section_of(source(shop))
    assert not any("stock was worth" in text for text in texts(section))
    assert list(tables(section)) == ["Best sellers out of stock"]


def test_all_forms_contain_the_section(shop: App) -> None:
    document = executive.executive_report(source(shop))
    page = forms.render_html(document)
    assert 'href="https://sales.example/stock?status=negative"' in page
    assert "Best sellers out of stock" in page
    assert forms.render_pdf(document).startswith(b"%PDF")
    assert workbook.render_workbook(document)[:2] == b"PK"
