"""Growth on the dashboard: like with like, and said in words what is compared."""

import re
from datetime import date
from itertools import count

import pytest
from visitor import Visitor, Work, indian_file, indian_sale

from portal.formats import days

SHARED = True
NUMBERS = count(1)


def sale(day: str, amount: str, **more: str) -> str:
    return indian_sale(str(next(NUMBERS)), amount, date=f"{day} 10:00", **more)


def sell(admin: Visitor, work: Work) -> None:
    """Every month since April 2025; June 2026 is reported through the 12th."""
    rows = [sale(f"01-{month:02}-2025", "10.00") for month in range(4, 13)]
    rows += [sale(f"01-{month:02}-2026", "20.00") for month in range(1, 5)]
    rows += [sale("12-05-2026", "100.00"), sale("13-05-2026", "700.00")]
    rows += [sale("03-06-2026", "150.00"), sale("12-06-2026", "50.00")]
    admin.upload(indian_file(*rows))
    work()


def card(visitor: Visitor, query: str) -> str:
    """What the card of revenue says, tags and spaces left out."""
    page = visitor.get(f"/dashboard?{query}").text
    match = re.search(r'<p class="label"><span>Revenue.*?</div>', page, re.DOTALL)
    assert match, page
    return " ".join(re.sub(r"<[^>]+>", " ", match[0]).split())


def test_an_unfinished_month_is_compared_with_the_same_days_of_the_one_before(sold: Visitor) -> None:
    text = card(sold, "from=2026-06-01&to=2026-06-30")
    assert "200.00" in text
    assert "100.0% vs 1 – 12 May 2026" in text
    page = sold.get("/dashboard?from=2026-06-01&to=2026-06-30").text
    assert re.search(
        r"Growth includes only <span[^>]+>1 – 12 Jun 2026</span>, because later days are not reported yet", page
    )


def test_whole_months_are_compared_whole(sold: Visitor) -> None:
    text = card(sold, "from=2026-05-01&to=2026-05-31")
    assert "3,900.0% vs Apr 2026" in text
    assert "later days" not in sold.get("/dashboard?from=2026-05-01&to=2026-05-31").text


@pytest.mark.own_home
def test_a_category_that_sold_nothing_lately_does_not_end_the_reported_days(sold: Visitor, work: Work) -> None:
    rows = [sale("04-05-2026", "10.00"), sale("13-05-2026", "90.00"), sale("02-06-2026", "30.00")]
    sold.upload(indian_file(*(row.replace(",Kitchen,", ",Garden,") for row in rows)), name="garden.csv")
    work()
    assert "200.0% vs 1 – 12 May 2026" in card(sold, "from=2026-06-01&to=2026-06-30&category=Garden")


@pytest.mark.own_home
def test_dates_that_both_comparisons_share_are_shown_once(sold: Visitor, work: Work) -> None:
    sold.upload(indian_file(*(sale(f"01-{month:02}-2025", "10.00") for month in range(1, 4))), name="early.csv")
    work()
    for chosen in ("before", "year-before"):
        text = card(sold, f"from=2026-01-01&to=2026-12-31&compare={chosen}")
        assert text.count("vs ") == text.count("vs 1 Jan – 12 Jun 2025") == 1


def test_days_before_the_first_sale_are_no_percentage(sold: Visitor) -> None:
    assert "Nothing to compare with" in sold.get("/dashboard?from=2026-01-01&to=2026-12-31").text
    assert "%" not in card(sold, "from=2026-01-01&to=2026-12-31")
    assert sold.get("/api/kpis?from=2026-01-01&to=2026-12-31").get_json()["revenue_growth"] is None
    assert "Nothing to compare with" not in sold.get("/dashboard?preset=all").text


def test_a_preset_under_way_is_compared_with_the_part_before(sold: Visitor) -> None:
    """The clock says 1 July: nothing of this month is reported, and last month only in part."""
    assert "No sales match" in sold.get("/dashboard?preset=this-month").text
    assert "vs 1 – 12 May 2026" in card(sold, "preset=last-month")


def test_the_lists_of_the_api_compare_alike(sold: Visitor) -> None:
    for name, start in (("sales-over-time", "period_start"), ("monthly-trends", "month")):
        rows = sold.get(f"/api/{name}").get_json()["rows"]
        growth = {row[start][:7]: row["revenue_growth"] for row in rows}
        assert (growth["2026-06"], growth["2026-05"], growth["2025-05"]) == ("1", "39", "0")


@pytest.mark.parametrize(
    ("start", "end", "says"),
    [
        (date(2024, 3, 1), date(2024, 3, 12), "1 – 12 Mar 2024"),
        (date(2024, 1, 1), date(2024, 3, 12), "1 Jan – 12 Mar 2024"),
        (date(2023, 12, 31), date(2024, 1, 1), "31 Dec 2023 – 1 Jan 2024"),
        (date(2024, 1, 1), date(2024, 1, 1), "1 Jan 2024"),
    ],
)
def test_a_date_range_shows_the_shared_month_or_year_once(start: date, end: date, says: str) -> None:
    assert re.sub(r"<[^>]+>", "", days(start, end)) == says
