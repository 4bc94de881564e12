"""Tiles, charts and files of Explore have the groups that the page is limited to, and name the limit."""

from explored_table import explore_figure
from pdf_text import pages_of
from visitor import Visitor, Work, indian_file, indian_sale, page_words

SHARED = True
APRIL_TO_JUNE = "from=2026-04-01&to=2026-06-30&preset=own"
JUNE = "from=2026-06-01&to=2026-06-30&preset=own"
OVER_250 = "having=revenue&having-is=above&having-value=250"


def _sale(number: str, amount: int, date: str, product: int) -> str:
    line = indian_sale(number, f"{amount}.00", date=f"{date} 10:00")
    return line.replace("P1,Kettle", f"P{product:02},K{product:02}")


def sell(admin: Visitor, work: Work) -> None:
    """4 products: in May 100 × number of the product; in June 500 × number. June is reported through the 20th."""
    rows = [_sale("1", 50, "12-04-2026", 1)]
    rows += [_sale(f"5{product}", 100 * product, "15-05-2026", product) for product in range(1, 5)]
    rows += [_sale(f"6{product}", 500 * product, "20-06-2026", product) for product in range(1, 5)]
    admin.upload(indian_file(*rows))
    work()


def _tile(visitor: Visitor, show: str, query: str) -> str:
    return visitor.get(f"/explore/tile?show={show}&slot=explore&measure=revenue&{query}").text


def test_tiles_name_the_limit_of_their_groups(sold: Visitor) -> None:
    for show in ("chart", "table"):
        words = page_words(_tile(sold, show, f"by=product&{OVER_250}&first=5&{APRIL_TO_JUNE}"))
        assert "Only groups with: Revenue more than 250." in words
        assert "groups are shown" not in words
    few = page_words(_tile(sold, "table", f"by=month&by=product&first=5&{APRIL_TO_JUNE}"))
    assert "The first 5 of 9 groups are shown. " in few
    assert "Sort the table" not in few
    none = page_words(_tile(sold, "table", f"by=product&having=revenue&having-is=below&having-value=1&{JUNE}"))
    assert "No groups match. Only groups with: Revenue less than 1." in none


def test_a_number_is_the_total_of_all_groups_with_a_note(sold: Visitor) -> None:
    for limit in (
        OVER_250,
        "having=revenue&having-is=below&having-value=1000",
        "measure=units&having=units&having-is=above&having-value=1",
        "first=5",
    ):
        words = page_words(_tile(sold, "number", f"by=product&{limit}&{JUNE}"))
        assert ("5,000.00" in words, "total of all groups, without a limit" in words) == (True, True)
    assert "without a limit" not in _tile(sold, "number", f"by=product&{JUNE}")
    assert "Goals" not in _tile(sold, "number", f"by=region&goals=yes&{JUNE}")


def test_a_chart_of_more_dimensions_adds_up_the_limited_groups(sold: Visitor) -> None:
    """P03 and P04 have over 250 in May, all products in June."""
    limited = f"{OVER_250}&{APRIL_TO_JUNE}"
    page = sold.get(f"/explore?measure=revenue&by=month&by=region&by=product&{limited}").text
    assert explore_figure(page)["values"] == [700.0, 5000.0]
    figure = explore_figure(_tile(sold, "chart", f"by=month&by=region&by=product&{limited}"))
    assert figure["labels"] == ["2026-05-01", "2026-06-01"]


def test_a_chart_of_a_comparison_has_the_limited_groups(sold: Visitor) -> None:
    rising = "having=revenue.change&having-is=above&having-value=1000&against=previous"
    page = sold.get(f"/explore?measure=revenue&by=region&by=product&{rising}&{JUNE}").text
    assert {one["name"]: one["values"] for one in explore_figure(page)["series"]} == {"K04": [2000.0], "K03": [1500.0]}
    orders = "measure=orders&by=region&by=product&against=previous&having=orders.before&having-is=above&having-value=0"
    assert len(explore_figure(sold.get(f"/explore?{orders}&{JUNE}").text)["series"]) == 4


def test_a_chart_without_values_is_left_out(sold: Visitor) -> None:
    """All sales are in the period before."""
    gone = "against=previous&having=revenue.before&having-is=above&having-value=0&from=2026-05-16&to=2026-06-15"
    page = sold.get(f"/explore?measure=revenue&by=region&by=product&{gone}&preset=own").text
    assert ("K04" in page, "data-chart" in page) == (True, False)


def test_limited_numbers_that_do_not_add_up_have_no_chart(sold: Visitor) -> None:
    query = "measure=orders&by=month&by=region&by=product&having=orders&having-is=above&having-value=0"
    for address in (f"/explore?{query}&{APRIL_TO_JUNE}", f"/explore/tile?show=chart&{query}&{APRIL_TO_JUNE}"):
        page = sold.get(address).text
        assert "data-chart" not in page
        assert "There is no chart: the numbers of Orders do not add up" in page_words(page)
        assert "K04" in page


def test_a_document_of_the_table_names_all_that_limits_it(sold: Visitor) -> None:
    """Otherwise its total looks like that of all sales of the whole period."""

    def head(query: str, days: str = JUNE) -> str:
        answer = sold.get(f"/explore/shown?format=pdf&measure=revenue&by=region&by=product&{query}&{days}")
        return " ".join(pages_of(answer.data)[0].partition("Created")[0].split())

    named = head(f"{OVER_250}&first=5")
    assert "1 Jun 2026 to 30 Jun 2026 · Only groups with: Revenue more than 250 · Amounts in INR" in named
    assert "Rows:" not in named
    more = head("by=month&having=revenue&having-is=above&having-value=50&first=5", APRIL_TO_JUNE)
    assert "Only groups with: Revenue more than 50 · Rows: first 5 of 8 groups" in more
    compared = head("against=previous")
    assert "1 Jun 2026 to 20 Jun 2026 · Compared with: 1 May 2026 to 20 May 2026" in compared
    assert "Compared" not in head("sort=product")


def test_the_name_of_a_file_has_the_compared_days(sold: Visitor) -> None:
    answer = sold.get(f"/explore/shown?format=csv&measure=revenue&by=product&against=previous&{OVER_250}&{JUNE}")
    name = answer.headers["Content-Disposition"]
    assert "from-2026-06-01_to-2026-06-20" in name
    assert "Revenue" not in name


def test_the_page_names_files_that_have_all_groups(sold: Visitor) -> None:
    address = f"/explore?measure=revenue&by=product&{JUNE}"
    for limit in (OVER_250, "first=5"):
        assert "have all groups, without the limit" in sold.get(f"{address}&{limit}").text
    assert "without the limit" not in sold.get(address).text
