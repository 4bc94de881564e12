"""What the chart and the table of Explore leave out, in which order they are, and which periods are not complete."""

import re

from explored_table import explore_figure
from visitor import Visitor, Work, indian_file, indian_sale, page_words

from portal.dashboard.breakdowns import DIMENSION_NAMES
from portal.dashboard.request_filters import COMPARISONS
from portal.explore import chart, selection
from tillstream.analytics.measures.definitions import DIMENSIONS

SHARED = True
APRIL_TO_JUNE = "from=2026-04-01&to=2026-06-30&preset=own"
JUNE = "from=2026-06-01&to=2026-06-30&preset=own"
PRODUCTS = 24


def _sale(number: str, amount: int, date: str, product: int) -> str:
    line = indian_sale(number, f"{amount}.00", date=f"{date} 10:00")
    return line.replace("P1,Kettle", f"P{product:02},K{product:02}")


def sell(admin: Visitor, work: Work) -> None:
    """Sales from 12 April to 20 June 2026 of 24 products: in May 100 × number of the product; in June 500 each."""
    rows = [_sale("1", 50, "12-04-2026", 1)]
    rows += [_sale(f"5{product:02}", 100 * product, "15-05-2026", product) for product in range(1, PRODUCTS + 1)]
    rows += [_sale(f"6{product:02}", 500, "20-06-2026", product) for product in range(1, PRODUCTS + 1)]
    admin.upload(indian_file(*rows))
    work()


def _first_cells(page: str) -> list[str]:
    table = page.partition('<table class="figures')[2].partition("</table>")[0]
    return [page_words(cell) for cell in re.findall(r'<th scope="row">(.*?)</th>', table, re.DOTALL)]


def test_the_rest_of_many_products_is_one_more_color(sold: Visitor) -> None:
    page = sold.get(f"/explore?measure=revenue&by=month&across=product&chart=columns&{APRIL_TO_JUNE}").text
    series = explore_figure(page)["series"]
    assert [one["name"] for one in series] == ["K24", "K23", "K22", "K21", "K20", "K19", "Other (18)"]
    assert series[-1]["values"] == [50.0, sum(100.0 * product for product in range(1, 19)), 18 * 500.0]
    assert "6 largest of 24 products; “Other (18)” is the sum of the rest." in page_words(page)


def test_lines_and_measures_that_do_not_add_up_have_no_rest(sold: Visitor) -> None:
    for address in ("measure=revenue&chart=line", "measure=orders&chart=columns"):
        page = sold.get(f"/explore?{address}&by=month&across=product&{APRIL_TO_JUNE}").text
        assert len(explore_figure(page)["series"]) == 6
        assert "6 largest of 24 products. To see others, choose them in the filters." in page_words(page)


def test_a_chart_of_the_first_groups_names_the_count_of_all(sold: Visitor) -> None:
    page = sold.get(f"/explore?measure=revenue&by=product&{APRIL_TO_JUNE}").text
    assert (len(explore_figure(page)["labels"]), "20 of 24 products" in page_words(page)) == (20, True)
    few = sold.get(f"/explore?measure=revenue&by=product&first=5&{APRIL_TO_JUNE}").text
    assert explore_figure(few)["labels"] == ["K24", "K23", "K22", "K21", "K20"]
    assert [cell[:3] for cell in _first_cells(few)] == explore_figure(few)["labels"]
    assert "The first 5 of 24 groups are shown." in page_words(few)


def test_the_limit_of_rows_counts_for_charts_by_period_and_by_several_dimensions(sold: Visitor) -> None:
    weeks = sold.get(f"/explore?measure=revenue&by=day&by=product&first=5&sort=-revenue&{APRIL_TO_JUNE}").text
    figure = explore_figure(weeks)
    assert figure["labels"] == ["2026-05-15"]
    assert [one["name"] for one in figure["series"]] == ["K24", "K23", "K22", "K21", "K20"]
    address = f"/explore?measure=revenue&by=region&by=channel&by=product&first=5&sort=-revenue&{APRIL_TO_JUNE}"
    total = sum(100 * product + 500 for product in range(20, 25))
    assert f"IN {total:,}.00 INR" in page_words(sold.get(address).text), "a single place in words"
    orders = sold.get(address.replace("measure=revenue", "measure=orders").replace("-revenue", "-orders")).text
    assert "the numbers of Orders do not add up to those of larger groups with the limit." in page_words(orders)


def test_the_chart_is_in_the_order_of_the_table(sold: Visitor) -> None:
    address = f"/explore?measure=revenue&by=product&against=previous&first=5&{JUNE}"
    page = sold.get(f"{address}&sort=revenue.change").text
    assert explore_figure(page)["labels"] == ["K24", "K23", "K22", "K21", "K20"]
    assert [cell[:3] for cell in _first_cells(page)] == explore_figure(page)["labels"]
    page = sold.get(f"{address}&sort=-revenue.change").text
    assert explore_figure(page)["labels"] == ["K01", "K02", "K03", "K04", "K05"]
    assert [one["name"] for one in explore_figure(page)["series"]] == ["Revenue", "Previous period"]


def test_show_keeps_the_order(sold: Visitor) -> None:
    sort = '<input type="hidden" name="sort"'
    address = f"/explore?measure=revenue&by=product&{APRIL_TO_JUNE}"
    assert f'{sort} value="product">' in sold.get(f"{address}&sort=product").text
    assert sort not in sold.get(address).text
    assert sort not in sold.get(f"{address}&sort=").text


def test_periods_that_are_not_complete_are_marked(sold: Visitor) -> None:
    """April begins before the first sale, June ends after the last one."""
    page = sold.get("/explore?measure=revenue&by=month&preset=all").text
    assert explore_figure(page)["partial"] == [True, False, True]
    assert _first_cells(page) == ["Apr 2026 not complete", "May 2026", "Jun 2026 not complete"]
    cut = sold.get("/explore?measure=revenue&by=month&from=2026-05-02&to=2026-05-31&preset=own").text
    assert _first_cells(cut) == ["May 2026 not complete"]
    across = sold.get("/explore?measure=revenue&by=region&across=month&preset=all").text
    assert re.findall(r"(\w+ 2026) \(not complete\)", page_words(across)) == ["Apr 2026", "Jun 2026"]


def test_a_comparison_with_part_of_a_period_is_marked(sold: Visitor) -> None:
    page = page_words(sold.get(f"/explore?measure=revenue&by=region&against=previous&{JUNE}").text)
    assert "The period is not complete: 1 – 20 June 2026 is compared with as many days" in page.replace("Jun ", "June ")
    whole = "from=2026-06-01&to=2026-06-20&preset=own"
    assert "not complete" not in page_words(
        sold.get(f"/explore?measure=revenue&by=region&against=previous&{whole}").text
    )


def test_a_tile_has_the_chosen_groups_and_names_what_the_chart_lacks(sold: Visitor) -> None:
    address = f"measure=revenue&by=product&against=previous&first=5&sort=revenue.change&{JUNE}"
    tile = sold.get(f"/explore/tile?show=chart&slot=explore&{address}").text
    assert explore_figure(tile)["labels"] == ["K24", "K23", "K22", "K21", "K20"]
    assert "further row" not in tile
    tile = sold.get(f"/explore/tile?show=chart&slot=explore&measure=revenue&by=product&{JUNE}").text
    assert "20 of 24 products" in page_words(tile)


def test_periods_have_the_words_of_the_sales_pages() -> None:
    assert list(selection.COMPARISONS.values()) == [COMPARISONS[one] for one in ("before", "year-before")]
    plurals = {name: plural for name, (_, plural, _) in DIMENSION_NAMES.items()}
    assert chart.PLURALS | plurals == chart.PLURALS
    assert chart.PLURALS.keys() == DIMENSIONS.keys()
