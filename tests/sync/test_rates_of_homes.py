"""The exchange rates of homes: each side takes what only the other one loaded, and converts as it does."""

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from stateful.steps import like, upload_rows
from sync.stock_acts import REGION
from sync.test_two_homes import restored, saved
from sync.two_homes import Pair, connected, pair

from tillstream.analytics import reference
from tillstream.app import App
from tillstream.sync import reference_exchange, reference_kinds, reference_questions, sync_status
from tillstream.sync.reference_entries import ReferenceChange, ReferenceEntry, SavedChange
from tillstream.sync.reference_questions import KEEP_HERE, KEEP_THERE, question_subject

HEAD = "date,currency,rate\n"
SHIPPED_DAY = "2024-01-02"
RATE = "SELECT per_euro FROM fx_rates WHERE currency = @currency AND rate_date = @day"
FACTORS = "SELECT sale_date, currency, factor FROM reporting_rates ORDER BY sale_date, currency"
CONVERTED = "SELECT SUM(revenue) AS total FROM sales"


@pytest.fixture
def two(tmp_path: Path) -> Iterator[Pair]:
    with pair(tmp_path) as both:
        both.sync()
        yield both


def load_rates(app: App, *lines: str) -> None:
    reference.load_rates(app.ports, HEAD + "\n".join(lines), "rates.csv", app.settings.reporting_currency, "ana")


def rate_of(app: App, currency: str = "INR", day: str = "2024-06-01") -> float | None:
    table = app.ports.warehouse.query(RATE, {"currency": currency, "day": date.fromisoformat(day)})
    return float(table.column("per_euro")[0].as_py()) if table.num_rows else None


def factors(app: App) -> list[dict[str, Any]]:
    """By which a side converts, from 2024 on."""
    rows: list[dict[str, Any]] = app.ports.warehouse.query(FACTORS).to_pylist()
    return [row for row in rows if row["sale_date"].year >= 2024]


def test_the_same_rates_of_the_program_are_not_exchanged(two: Pair) -> None:
    result = two.sync()
    assert (result.reference_sent, result.reference_taken, result.questions) == (0, 0, 0)
    assert two.office.ports.documents.get(*rate_months()) is None


def rate_months() -> tuple[str, str]:
    return ("upkeep", "rate_months")


def test_each_side_takes_what_only_the_other_one_loaded(two: Pair) -> None:
    home, head_office = two.home.plain, two.office
    load_rates(home, "2024-06-01,INR,99.5", "2024-06-02,INR,98.25")
    load_rates(head_office, "2024-06-01,GBP,0.86", "2024-07-02,INR,97")
    result = two.sync()
    assert (result.reference_sent, result.reference_taken, result.questions) == (2, 2, 0)
    assert rate_of(head_office) == 99.5
    assert rate_of(home, "GBP") == 0.86
    assert factors(home) == factors(head_office)
    two.sync()
    assert sync_status.get_status(home.ports).reference


def test_a_rate_that_both_loaded_is_taken_from_the_side_that_corrects_it(two: Pair) -> None:
    home, head_office = two.home.plain, two.office
    for app in (home, head_office):
        load_rates(app, "2024-06-01,INR,99.5", "2024-06-02,INR,98.25")
    two.sync()
    load_rates(head_office, "2024-06-01,INR,99")
    result = two.sync()
    assert (result.reference_taken, result.questions) == (1, 0)
    assert rate_of(home) == 99


def test_both_convert_the_same_sales_to_the_same_totals(two: Pair) -> None:
    home, head_office = two.home.plain, two.office
    upload_rows(two.home, REGION, like())
    two.sync()
    before = converted(home)
    (first,) = home.ports.warehouse.query("SELECT MIN(sale_date) AS day FROM sales").to_pylist()
    load_rates(home, f"{first['day']},{home.settings.reporting_currency},2.5")
    assert converted(home) != converted(head_office) == before
    two.sync()
    assert converted(head_office) == converted(home) != before


def test_two_rates_that_change_places_count_at_once(two: Pair) -> None:
    """Their number and their sum are as before."""
    load_rates(two.home.plain, "2024-06-01,INR,99", "2024-06-01,THB,38")
    two.sync()
    load_rates(two.home.plain, "2024-06-01,INR,38", "2024-06-01,THB,99")
    two.sync()
    assert rate_of(two.office) == 38
    assert factors(two.home.plain) == factors(two.office)


def test_daily_rates_follow_at_the_next_start_if_a_sync_broke_off(two: Pair) -> None:
    changes = [change("2024-06-01 THB", "40"), change("2024-06-02 THB", "41")]
    assert all(one.version for one in reference_exchange.save_changes(two.office.ports, changes, "sync berlin-1", ()))
    assert "THB" not in {row["currency"] for row in factors(two.office)}
    reference.refresh_rates(two.office.ports, two.office.settings.reporting_currency)
    assert "THB" in {row["currency"] for row in factors(two.office)}


def converted(app: App) -> Any:
    """Revenue in the reporting currency."""
    return app.ports.warehouse.query(CONVERTED).column("total")[0].as_py()


def test_a_rate_of_the_program_that_one_side_corrects_is_no_question(two: Pair) -> None:
    load_rates(two.office, f"{SHIPPED_DAY},INR,91")
    assert two.sync().questions == 0
    assert rate_of(two.home.plain, day=SHIPPED_DAY) == 91
    load_rates(two.home.plain, f"{SHIPPED_DAY},INR,92", f"{SHIPPED_DAY},GBP,0.9")
    assert two.sync().questions == 0
    assert (rate_of(two.office, day=SHIPPED_DAY), rate_of(two.office, "GBP", SHIPPED_DAY)) == (92, 0.9)


@pytest.mark.parametrize(("keep", "rate"), [(KEEP_HERE, 99), (KEEP_THERE, 98)])
def test_what_both_loaded_differently_is_a_question(two: Pair, keep: str, rate: float) -> None:
    load_rates(two.home.plain, "2024-06-01,INR,99", "2024-06-01,GBP,0.86")
    load_rates(two.office, "2024-06-01,INR,98", "2024-06-01,GBP,0.86")
    assert two.sync().questions == 1
    (question,) = reference_questions.open_questions(two.home.plain.ports)
    assert question_subject(question) == "Exchange rate of INR on 2024-06-01"
    assert (rate_of(two.home.plain), rate_of(two.office)) == (99, 98)
    reference_questions.decide_questions(two.home.plain.ports, [question.id], keep, "chief")
    assert two.sync().questions == 0
    assert (rate_of(two.home.plain), rate_of(two.office)) == (rate, rate)


def test_a_restored_home_takes_back_its_rates(two: Pair, tmp_path: Path) -> None:
    load_rates(two.home.plain, "2024-06-01,INR,99")
    two.sync()
    saved(two, tmp_path / "copy")
    load_rates(two.home.plain, "2024-06-01,INR,98", "2024-06-02,INR,97")
    two.sync()
    restored(two, tmp_path / "copy")
    assert rate_of(two.home.plain) == 99
    assert two.sync().questions == 0
    assert (rate_of(two.home.plain), rate_of(two.home.plain, day="2024-06-02")) == (98, 97)


def test_years_of_daily_rates_arrive_over_http(tmp_path: Path) -> None:
    currencies = ("CZK", "DKK", "GBP", "HUF", "INR", "NOK", "PLN", "SEK")
    days = [date(2021, 1, 1) + timedelta(days=number) for number in range(800)]
    with connected(tmp_path) as both:
        load_rates(both.pair.home.plain, *(f"{day},{code},{1 + day.day}" for day in days for code in currencies))
        result = both.sync()
        assert (result.reference_sent, result.questions) == (len(days) * len(currencies), 0)
        assert reference_kinds.rate_digests(both.pair.office.ports) == reference_kinds.rate_digests(
            both.pair.home.plain.ports
        )
        load_rates(both.pair.office, "2022-01-03,INR,55")
        assert both.sync().reference_taken == 1


def change(key: str, per_euro: object = "1.5", group: str = "rates:2024-06") -> ReferenceChange:
    return ReferenceChange(ReferenceEntry(group, key, {"per_euro": per_euro}), "")


@pytest.mark.parametrize(
    "wrong",
    [
        change("2024-06-01 EUR"),
        change("2024-06-01 inr"),
        change("2024-06-31 INR"),
        change("2024-07-01 INR"),
        change("2024-06-01 INR", "0"),
        change("2024-06-01 INR", "-1"),
        change("2024-06-01 INR", "NaN"),
        change("2024-06-01 INR", "1.0000000001"),
        change("2024-06-01 INR", "1e20"),
        change("2024-06-01 INR", None),
    ],
)
def test_content_of_another_form_is_refused(two: Pair, wrong: ReferenceChange) -> None:
    with pytest.raises((KeyError, TypeError, ValueError, ArithmeticError)):
        reference_exchange.save_changes(two.office.ports, [wrong], "sync berlin-1", (REGION,))


def test_a_rate_that_was_loaded_meanwhile_is_not_replaced(two: Pair) -> None:
    load_rates(two.office, "2024-06-01,INR,98")
    outcomes = reference_exchange.save_changes(two.office.ports, [change("2024-06-01 INR")], "sync berlin-1", (REGION,))
    assert (outcomes, rate_of(two.office)) == ([SavedChange()], 98)


def test_groups_of_another_form_have_no_rates(two: Pair) -> None:
    page = reference_exchange.page_of_groups(
        two.office.ports, (), reference_kinds.RATES_KIND, ["rates:2024-13", "rates:x", "rates:"], ""
    )
    assert not page.entries


def remove_rates(app: App, since: str = "1999-01-01") -> None:
    left = app.ports.warehouse.query(
        "SELECT * FROM fx_rates WHERE rate_date < @since", {"since": date.fromisoformat(since)}
    )
    app.ports.warehouse.replace_table("fx_rates", left)


def test_rates_wait_for_a_head_office_that_has_none_yet(two: Pair) -> None:
    head_office = two.office
    remove_rates(head_office)
    load_rates(two.home.plain, "2024-06-01,INR,99.5")
    result = two.sync()
    assert (result.reference_sent, result.reference_taken, result.questions) == (0, 0, 0)
    reference.refresh_rates(head_office.ports, head_office.settings.reporting_currency)
    assert rate_of(head_office, day=SHIPPED_DAY) == rate_of(two.home.plain, day=SHIPPED_DAY)
    result = two.sync()
    assert (result.reference_sent, result.questions) == (1, 0)
    assert rate_of(head_office) == 99.5


def test_a_side_takes_the_rates_of_the_program_that_it_lacks(two: Pair) -> None:
    """An earlier version comes with fewer months."""
    home, head_office = two.home.plain, two.office
    before = factors(home)
    for side in (head_office, home):
        remove_rates(side, since="2025-01-01")
        load_rates(two.home.plain, "2024-06-01,INR,99.5")
        result = two.sync()
        assert result.reference_sent + result.reference_taken > 1
        assert result.questions == 0
        assert rate_of(home, day="2025-01-02") == rate_of(head_office, day="2025-01-02") is not None
    assert len(factors(home)) == len(before)
