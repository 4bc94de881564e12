"""The executive report: every number of its text is computed again from the queries that it cites."""

import csv
import io
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from html import escape
from typing import Any

import pypdfium2
import pytest
import python_calamine
import shop_of_two_stores

from examples import in_long_proofs
from tillstream.analytics import queries
from tillstream.app import App
from tillstream.goals import stored_goals
from tillstream.goals.published_standings import standing_row
from tillstream.goals.standings import MonthOfGoals
from tillstream.goals.targets import Goal, GoalMeasure, GoalTarget
from tillstream.model.dates import Month
from tillstream.model.people import UNRESTRICTED, scope_of
from tillstream.model.permissions import Role
from tillstream.reports import executive, formats, forms, outlook_narrative, sales_narrative, workbook
from tillstream.reports import facts as reports_facts
from tillstream.reports.document import (
    FORMULAS,
    CitedCell,
    Number,
    QueryAnswer,
    ReportChart,
    ReportColumn,
    ReportDocument,
    ReportSection,
    ReportTable,
)
from tillstream.reports.facts import ReportFacts, ReportSource

MAY = reports_facts.chosen_period(date(2026, 5, 1), date(2026, 5, 31))
JUNE = reports_facts.chosen_period(date(2026, 6, 1), date(2026, 6, 30))


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    opened = shop_of_two_stores.app(tmp_path_factory.mktemp("report"))
    month, goal = Month.from_day(JUNE.first), Goal(GoalTarget("UK"), GoalMeasure.REVENUE, Decimal(9000), "GBP")
    stored_goals.save_goals(opened.ports, {month: {goal.key: goal}}, by="boss", source="grid")
    yield opened
    opened.close()


def source(app: App, of: reports_facts.ReportPeriod = JUNE, **changes: Any) -> ReportSource:
    basis = ReportSource(app.ports, app.contracts, UNRESTRICTED, of, "GBP", app.settings.reporting_currency)
    return replace(basis, portal="https://sales.example", **changes)


@pytest.fixture(scope="module")
def june(documents: Callable[[reports_facts.ReportPeriod], ReportDocument]) -> ReportDocument:
    return documents(JUNE)


@pytest.fixture(scope="module")
def documents(app: App) -> Callable[[reports_facts.ReportPeriod], ReportDocument]:
    """The report of a period, made once."""
    return cache(lambda of: executive.executive_report(source(app, of)))


Answers = dict[Any, list[dict[str, Any]]]
"""Rows by the query, filters and parameters that gave them."""


def value_again(app: App, cell: CitedCell, answers: Answers) -> Any:
    """The value of a cell, asked anew, but once for all cells of an answer."""
    if cell.query == "goals":
        month = Month.parse(str(dict(cell.params)["month"]))
        assert month is not None
        read = MonthOfGoals(app.ports, app.contracts, app.settings.reporting_currency, month)
        target = GoalTarget(**{name: value or "" for name, value in cell.where})
        (standing,) = read.standings(GoalMeasure.REVENUE).for_targets([target])
        return standing_row(standing, GoalMeasure.REVENUE)[cell.column]
    key = (cell.query, cell.filters, cell.params)
    if key not in answers:
        table = queries.run_query(app.ports.warehouse, cell.query, UNRESTRICTED, cell.filters, **dict(cell.params))
        answers[key] = table.to_pylist()
    (row,) = [row for row in answers[key] if all(row[name] == value for name, value in cell.where)]
    return row[cell.column]


@pytest.mark.parametrize(
    "of",
    [
        JUNE,
        *in_long_proofs(MAY),
        pytest.param(reports_facts.chosen_period(date(2026, 6, 8), date(2026, 6, 14)), marks=pytest.mark.system),
    ],
)
def test_every_number_of_the_text_is_that_of_its_query(
    app: App, documents: Callable[[reports_facts.ReportPeriod], ReportDocument], of: reports_facts.ReportPeriod
) -> None:
    sentences = [one for section in documents(of).sections for one in section.sentences]
    answers: Answers = {}
    checked = 0
    for sentence in sentences:
        for number in sentence.numbers:
            values = [Decimal(value_again(app, cell, answers)) for cell in number.cells]
            again = FORMULAS[number.formula](*values)
            assert abs(again - number.value) <= Decimal("1e-8") * max(1, abs(again))
            assert formats.number_text(number) in formats.sentence_text(sentence)
            checked += 1
    assert checked >= 15


def test_no_number_of_the_text_is_without_its_query(june: ReportDocument) -> None:
    for section in june.sections:
        for sentence in section.sentences:
            words = "".join(part for part in sentence.parts if isinstance(part, str))
            digits = [word for word in words.split() if any(one.isdigit() for one in word)]
            for word in digits:  # names of stores and days, years, and the probability of a range
                assert word in {"LDS1", "MAN1", "80"} or word.strip(".,").isdecimal(), (word, words)
            assert sentence.page.startswith("/")


def test_the_headline_is_the_revenue_of_the_file(june: ReportDocument) -> None:
    text = shop_of_two_stores.content().decode("cp1252")
    total = sum(
        Decimal(row["Net"])
        for row in csv.DictReader(text.splitlines())
        if datetime.strptime(row["Sale Date"], "%d/%m/%Y").month == JUNE.first.month  # noqa: DTZ007 - a date
    )
    first = june.sections[0].sentences[0]
    assert formats.sentence_text(first) == f"Revenue in June 2026 is {formats.money_text(total, 'GBP')} GBP."


def test_the_parts_of_the_change_add_up_as_they_are_shown(june: ReportDocument) -> None:
    tables = [block for section in june.sections for block in section.blocks if isinstance(block, ReportTable)]
    parts = next(one for one in tables if one.title == "Parts of the change")
    *effects, total = [row[1] for row in parts.rows]
    assert sum(effects) == total
    steps = next(
        block
        for section in june.sections
        for block in section.blocks
        if isinstance(block, ReportChart) and block.kind == "steps"
    )
    before, *changes, after = [value for _, value in steps.bars]
    assert before + sum(changes) == pytest.approx(after, abs=2)
    assert round(after - before) == pytest.approx(total, abs=1)


def test_a_part_of_the_change_is_the_same_in_the_text_and_in_the_table(
    documents: Callable[..., ReportDocument],
) -> None:
    for of in (MAY, JUNE):
        document = documents(of)
        amounts = {one for table in document.sections for row in _cells(table.blocks) for one in row}
        texts = [formats.sentence_text(one) for section in document.sections for one in section.sentences]
        parts = [
            text for text in texts if text.startswith(("The largest part", "Products that rose", "Products that fell"))
        ]
        assert len(parts) >= 2
        for text in parts:
            for amount in re.findall(r"[+−][0-9,.]*[0-9](?= GBP)", text):
                assert amount in amounts, text


def test_the_change_of_a_product_is_that_of_the_figures_beside_it(app: App) -> None:
    facts = ReportFacts(source(app))
    amounts = [("MON", "13667.45", "11782.55"), ("SAR", "1146.50", "3182.40"), ("CRE", "1672.4", "2975.6")]
    rows = [
        {"item": item, "name": None, "before": Decimal(before), "after": Decimal(after), "contribution": Decimal(1)}
        | {"change": Decimal(after) - Decimal(before)}
        for item, before, after in amounts
    ]
    facts.__dict__["movers"] = QueryAnswer("change-by-group", rows)
    (table,) = executive._movers(facts)
    assert formats.table_texts(table, "GBP") == [
        ["MON", "13,667", "11,783", "−1,884"],
        ["SAR", "1,147", "3,182", "+2,035"],
        ["CRE", "1,672", "2,976", "+1,304"],
    ]
    written = [formats.sentence_text(one) for one in sales_narrative.effect_sentences(facts)]
    assert "Products that rose most: SAR +2,035 GBP, CRE +1,304 GBP." in written
    assert "Products that fell most: MON −1,884 GBP." in written


def test_a_change_of_stock_is_that_of_the_figures_beside_it() -> None:
    pairs = [(Decimal("194318.6"), Decimal("151028.4")), (Decimal("2.4"), None)]
    assert formats.printed_changes(pairs, "USD") == [Decimal(-43291), Decimal(-2)]
    assert formats.printed_changes([(Decimal("149.354"), Decimal("154.016"))], "USD") == [Decimal("4.67")]
    assert formats.printed_changes([], "USD") == []


def _cells(blocks: Sequence[ReportTable | ReportChart]) -> Iterator[list[str]]:
    for block in blocks:
        if isinstance(block, ReportTable):
            yield from formats.table_texts(block, "GBP")


def test_parts_are_rounded_so_that_text_and_table_add_up() -> None:
    """Rounded one by one, they would be +101,972 and +1 beside a change of +101,974."""
    values = [Decimal("101972.4"), Decimal("1.4"), Decimal("0.45")]
    first, *others = formats.rounded_parts(values, 0)
    number = Number("signed money", "value", (CitedCell("change", "amount", values[0]),), "USD", Decimal(101974), first)
    rows = [["Volume", first], *(["Other", one] for one in others)]
    table = ReportTable("Parts", (ReportColumn("Effect"), ReportColumn("Amount", "signed money")), rows)
    assert formats.number_text(number) == f"{formats.table_texts(table, 'USD')[0][1]} USD"
    assert sum((first, *others)) == 101974


def test_paper_has_the_first_rows_and_the_workbook_all(june: ReportDocument) -> None:
    rows = [[f"S{number:02}", Decimal(number)] for number in range(21)]
    table = ReportTable("Stores", (ReportColumn("Stores"), ReportColumn("Revenue", "money")), rows, most=12)
    document = replace(june, sections=(ReportSection("Stores", (), (table,)),))
    (page,) = pypdfium2.PdfDocument(forms.render_pdf(document))
    text = page.get_textpage().get_text_bounded()
    assert ("S11" in text, "S12" in text) == (True, False)
    for shown in (text, forms.render_html(document)):
        assert "9 more are in the workbook of this report." in shown
    sheets = python_calamine.load_workbook(io.BytesIO(workbook.render_workbook(document)))
    assert [row[0] for row in sheets.get_sheet_by_name("Stores").to_python()[1:]] == [row[0] for row in rows]


def test_amounts_of_a_table_with_currencies_have_the_decimals_of_their_row(june: ReportDocument) -> None:
    columns = (ReportColumn("Goal of"), ReportColumn("Currency", "currency"), ReportColumn("Goal", "money"))
    table = ReportTable("Goals", columns, [["Tokyo", "JPY", Decimal(900)], ["Kuwait", "KWD", Decimal("1.5")]])
    assert [row[2] for row in formats.table_texts(table, "GBP")] == ["900", "1.500"]
    document = replace(june, sections=(ReportSection("Goals", (), (table,)),))
    assert "1.500" in forms.render_html(document)
    assert "Amounts in GBP, of goals in their own currencies. Made" in forms.render_html(document)
    assert "Amounts in GBP. Made" in forms.render_html(june)
    assert workbook.render_workbook(document)


def test_goals_and_what_to_do_are_in_the_report(june: ReportDocument) -> None:
    texts = {section.title: [formats.sentence_text(one) for one in section.sentences] for section in june.sections}
    assert any("of its goal of 9,000 GBP" in text for text in texts["Goals"])
    assert "Data" in texts
    (goals,) = (
        one
        for one in (block for section in june.sections for block in section.blocks)
        if isinstance(one, ReportTable) and one.title.startswith("Goals of")
    )
    assert [row[5] for row in formats.table_texts(goals, "GBP")] == ["30 Jun 2026"] * len(goals.rows)
    book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(workbook.render_workbook(june)))
    written = [row for name in book.sheet_names for row in book.get_sheet_by_name(name).to_python()]
    assert any(date(2026, 6, 30) in row for row in written)


def test_a_month_without_sales_gives_a_report_that_states_it(app: App) -> None:
    empty = executive.executive_report(source(app, reports_facts.chosen_period(date(2025, 3, 1), date(2025, 3, 31))))
    assert [section.title for section in empty.sections] == ["In short"]
    assert "There are no sales in March 2025." in formats.sentence_text(empty.sections[0].sentences[0])
    assert len(pypdfium2.PdfDocument(forms.render_pdf(empty))) == 1


def test_the_first_month_is_not_compared(app: App) -> None:
    first = executive.executive_report(source(app, reports_facts.chosen_period(date(2026, 1, 1), date(2026, 1, 31))))
    assert "What changed" not in {section.title for section in first.sections}
    assert "There is nothing to compare it with" in formats.sentence_text(first.sections[0].sentences[1])


def test_the_pdf_has_the_pages_and_text_of_a_report(june: ReportDocument) -> None:
    book = pypdfium2.PdfDocument(forms.render_pdf(june))
    assert 3 <= len(book) <= 6
    pages = [page.get_textpage().get_text_bounded() for page in book]
    assert "Sales in June 2026" in pages[0]
    text = " ".join(" ".join(pages).split())
    for section in june.sections:
        assert section.title in text
        for sentence in section.sentences:
            assert formats.sentence_text(sentence) in text


def test_text_of_products_is_data_and_other_scripts_are_shown_as_missing(june: ReportDocument) -> None:
    strange = ReportTable("#panic() *bold* $x$ @ref", june.sections[0].blocks[0:0], [])
    column = next(
        block for section in june.sections for block in section.blocks if isinstance(block, ReportTable)
    ).columns[:1]
    strange = replace(strange, columns=column, rows=[["お茶 <b>&amp;"], ['#import "x"']])
    section = replace(june.sections[0], blocks=(strange,))
    document = replace(june, sections=(section,))
    (page,) = pypdfium2.PdfDocument(forms.render_pdf(document))
    text = page.get_textpage().get_text_bounded()
    assert "#panic() *bold* $x$ @ref" in text
    assert "?? <b>&amp;" in text
    assert "Characters that the font of this page lacks" in text
    assert "お茶 &lt;b&gt;&amp;amp;" in forms.render_html(document)
    sheets = python_calamine.load_workbook(io.BytesIO(workbook.render_workbook(document)))
    assert ["お茶 <b>&amp;"] in sheets.get_sheet_by_index(1).to_python()


def test_the_web_page_has_all_sentences_links_and_no_script(june: ReportDocument) -> None:
    page = forms.render_html(june)
    for section in june.sections:
        for sentence in section.sentences:
            assert escape(formats.sentence_text(sentence)) in page
    assert 'href="https://sales.example/dashboard?from=2026-06-01&amp;to=2026-06-30"' in page
    assert "<script" not in page
    assert "<img" not in page


def test_the_workbook_has_numbers_and_the_proof_of_each(june: ReportDocument) -> None:
    book = python_calamine.load_workbook(io.BytesIO(workbook.render_workbook(june)))
    assert book.sheet_names[0] == "Summary"
    assert book.sheet_names[-1] == "Proof"
    rows = book.get_sheet_by_name("Stores").to_python()
    assert rows[0][:2] == ["Stores", "Revenue"]
    assert all(isinstance(row[1], float | int) for row in rows[1:])
    proof = book.get_sheet_by_name("Proof").to_python()
    assert proof[0][4] == "Query"
    assert {row[4] for row in proof[1:]} >= {"kpis", "growth", "change", "goals"}
    assert any("from=2026-06-01; to=2026-06-30" in row[8] for row in proof[1:])


@pytest.mark.parametrize(
    ("role", "bounds", "absent"),
    [
        (Role.ANALYST, ((),), {"Salespeople"}),
        (Role.SALESPERSON, (("UK",), ("LDS1",), "T1"), {"Regions", "Forecast", "Stores"}),
        (Role.MANAGER, (("UK",), ("LDS1",)), {"Regions", "Stores"}),
        (Role.CLERK, (("UK",),), {"Regions"}),
    ],
)
def test_a_report_has_what_its_reader_may_see(app: App, role: Role, bounds: tuple[Any, ...], absent: set[str]) -> None:
    scope = scope_of(role, *bounds)
    document = executive.executive_report(source(app, scope=scope))
    assert absent.isdisjoint(section.title for section in document.sections)
    shows_margin = any(tile.label == "Margin rate" for tile in document.tiles)
    assert shows_margin is (role is not Role.SALESPERSON)
    if scope.stores:
        assert "MAN1" not in forms.render_html(document)


def test_a_report_of_another_region_is_empty(app: App) -> None:
    other = executive.executive_report(source(app, scope=scope_of(Role.MANAGER, ("IN",))))
    assert not other.tiles


def test_small_amounts_of_the_text_have_the_decimals_of_their_column(app: App) -> None:
    """A category below the sales without one, a fall below a rise, returns, and a goal below another one."""
    facts = ReportFacts(source(app))
    group = {"region": "UK", "revenue_share": Decimal("0.133799"), "growth": None}
    groups = QueryAnswer("sales-by-dimension-compared", [
        group | {"item": None, "revenue": Decimal(5000), "before": None},
        group | {"item": "Tea", "revenue": Decimal("775.5"), "before": None},
        group | {"item": "Mugs", "revenue": Decimal("20.5"), "before": None},
    ])  # fmt: skip
    change = {"contribution": Decimal(1), "name": None}
    movers = [
        change | {"item": "Tea", "before": Decimal(0), "after": Decimal("1200.4"), "change": Decimal("1200.4")},
        change | {"item": "Mug", "before": Decimal(10), "after": Decimal("6.4"), "change": Decimal("-3.6")},
    ]
    effect = [("before", "100"), ("volume", "4000.4"), ("returns", "-20.6"), ("after", "4079.8")]
    of_goal = {
        "store": "",
        "salesperson": "",
        "category": "",
        "sold": "1",
        "sold_since": "0",
        "projected": None,
        "expected": None,
    }
    goals = [
        of_goal | {"region": region, "currency": currency, "goal": amount}
        for region, currency, amount in (("UK", "GBP", "9000"), ("IE", "GBP", "900.50"), ("KW", "KWD", "1.5"))
    ]
    answers = {
        "movers": QueryAnswer("change-by-group", movers),
        "change": QueryAnswer("change", [{"effect": name, "amount": Decimal(amount)} for name, amount in effect]),
        "goals": QueryAnswer("goals", goals),
    }
    facts.__dict__.update(answers)
    written = [
        *sales_narrative.place_sentences(facts, groups, "category", "categories", {}),
        *outlook_narrative.advice(facts, {}),
    ]
    texts = [formats.sentence_text(one) for one in (*written, *outlook_narrative.goal_sentences(facts, {}))]
    assert "The largest category is Tea with 776 GBP, 13.4% of revenue." in texts
    assert "Look at Mug: it sold 4 GBP less than before." in texts
    assert "Check the returns: they took 21 GBP more than before." in texts
    of_goals = [text.partition(" of its goal of ")[2] for text in texts if "of its goal" in text]
    assert of_goals == ["9,000 GBP.", "901 GBP.", "1.500 KWD."]


def test_a_large_goal_in_one_currency_leaves_the_decimals_of_another() -> None:
    columns = (ReportColumn("Goal of"), ReportColumn("Currency", "currency"), ReportColumn("Goal", "money"))
    table = ReportTable("Goals", columns, [["Tokyo", "JPY", Decimal(900_000)], ["Kuwait", "KWD", Decimal("1.5")]])
    assert [row[2] for row in formats.table_texts(table, "GBP")] == ["900,000", "1.500"]


@pytest.mark.parametrize("formula", ["growth", "size of growth"])
def test_a_growth_without_a_base_is_no_number(formula: str) -> None:
    with pytest.raises(ZeroDivisionError):
        FORMULAS[formula](Decimal(5), Decimal(0))
