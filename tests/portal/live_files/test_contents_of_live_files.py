"""The page of live files states in words what an address contains, and each query has a title."""

import html
import re

from visitor import Visitor, Work, indian_file, indian_sale

from portal.api import queries
from portal.delivery.live_files import QUERY_TITLES

SHARED = True


def sell(admin: Visitor, work: Work) -> None:
    admin.upload(indian_file(indian_sale("1")))
    work()


def _contents(page: str) -> dict[str, str]:
    part = page.partition('id="contents"')[2].partition("</section>")[0]
    return dict(re.findall(r"<dt>(.*?)</dt><dd>(.*?)</dd>", part))


def test_each_query_that_people_choose_has_a_title() -> None:
    assert QUERY_TITLES.keys() == set(queries.QUERY_NAMES)
    assert len(set(QUERY_TITLES.values())) == len(QUERY_TITLES)


def test_the_contents_of_measures_are_in_words(sold: Visitor) -> None:
    address = "/files?name=measures&measures=revenue,orders&by=month,region&region=IN&currency=INR"
    page = sold.get(f"{address}&preset=last-month").text
    assert _contents(page) == {
        "Rows": "Measures of Explore",
        "Measures": "Revenue, Orders",
        "Grouped by": "Month, Region",
        "Period": "Last month; it moves on with time",
        "Region": "IN",
        "Currency": "INR",
    }
    dates = sold.get(f"{address}&from=2026-06-01&to=2026-06-30").text
    assert _contents(dates)["Period"] == "2026-06-01 – 2026-06-30"
    assert _contents(sold.get(f"{address}&preset=latest-period").text)["Period"].startswith("The latest complete month")


def test_the_contents_of_a_query_are_in_words(sold: Visitor) -> None:
    page = sold.get("/files?name=kpis").text
    assert _contents(page) == {"Rows": "Key figures", "Period": "All time"}
    assert '<option value="kpis" selected>Key figures</option>' in page


def test_what_only_pages_have_is_not_in_the_address(sold: Visitor) -> None:
    """A live file has all groups, and refuses arguments that it does not know."""
    limits = "first=5&goals=yes&having=revenue&having-is=above&having-value=1"
    page = sold.get(f"/explore?measure=revenue&by=region&preset=all&{limits}").text
    links = [html.unescape(one) for one in re.findall(r'href="(/files\?[^"]*)"', page)]
    assert links
    file = re.search(r'(/files/measures\.csv[^"<]*)', sold.get(links[0]).text)
    assert file
    assert sold.get(html.unescape(file[1]).partition("&token=")[0]).status_code == 200
