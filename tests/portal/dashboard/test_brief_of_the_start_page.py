"""The first line of the start page: what matters to the role, with a link to the page that has more."""

import re

import pytest
from visitor import People, Visitor, Work, indian_file, indian_sale

from portal.dashboard.role_layouts import ROLE_LAYOUTS
from tillstream.model.permissions import Role

SHARED = True
BRIEF = "/dashboard/tiles/brief"
BRIEFED = [role for role in Role if ROLE_LAYOUTS[role].brief]


def sell(admin: Visitor, work: Work) -> None:
    admin.upload(
        indian_file(
            indian_sale("0", "10.00", date="20-04-2026 10:00"),
            indian_sale("1", "500.00", date="03-05-2026 10:00"),
            indian_sale("2", "200.00", date="03-06-2026 10:00"),
            indian_sale("3", "70.00", date="01-07-2026 09:00"),
        )
    )
    work()


def items(visitor: Visitor, query: str = "") -> dict[str, str]:
    """What the line has, by label."""
    page = visitor.get(f"{BRIEF}{query}").text
    matches = re.findall(r'<span class="about">(.*?)</span><span class="what">(.*?)</span>\s*</li>', page, re.DOTALL)
    return {label: " ".join(re.sub(r"<[^>]+>", "", text).split()) for label, text in matches}


@pytest.mark.parametrize("role", BRIEFED)
def test_each_item_of_a_role_is_filled_and_its_links_open(sold: Visitor, person: People, role: Role) -> None:
    visitor = person(role, login=f"some-{role.value}")
    shown = items(visitor)
    assert len(shown) == len(ROLE_LAYOUTS[role].brief)
    assert all(shown.values())
    for link in re.findall(r'href="([^"]+)"', visitor.get(BRIEF).text):
        assert visitor.get(link.replace("&amp;", "&")).status_code == 200, link


def test_the_line_has_todays_sales_and_what_fell_most(sold: Visitor) -> None:
    shown = items(sold, "?from=2026-06-01&to=2026-06-30&movers=by-product")
    assert shown["Sales today"] == "70.00 INR 1 order"
    assert shown["Product that fell most vs May 2026"] == "Kettle ▼ down 60.0%"
    assert items(sold, "?preset=all")["Store that fell most"] == "no earlier period"


def test_a_manager_sees_nothing_of_other_regions(sold: Visitor, person: People) -> None:
    elsewhere = items(person(Role.MANAGER, "UK", login="elsewhere"))
    assert elsewhere["Sales today"] == "none yet"
    assert elsewhere["To decide and fix"] == "nothing"


def test_stock_that_was_never_counted_is_not_called_sufficient(sold: Visitor, person: People) -> None:
    assert items(person(Role.MANAGER, "IN", login="counting"))["Short in stock"] == "not counted yet"


@pytest.mark.own_home
def test_files_to_decide_and_rows_to_fix_are_counted(sold: Visitor, work: Work) -> None:
    assert items(sold)["To decide and fix"] == "nothing"
    rows = [indian_sale(str(number), "10.00", date="05-06-2026 10:00") for number in range(10, 19)]
    sold.upload(indian_file(*rows, indian_sale("19", "ten", date="05-06-2026 10:00")), "one.csv")
    sold.upload(indian_file(*(indian_sale(f"B{number}", "ten") for number in range(6))), "bad.csv")
    work()
    assert items(sold)["To decide and fix"] == "1 file, 1 row"


@pytest.mark.own_home
def test_sales_and_goals_are_those_of_the_selection(sold: Visitor, work: Work) -> None:
    head = (
        "Sale,Sale Date,Store Code,Operator,Customer No,Customer,SKU,Description,Department,Channel,State,Country,"
        "Units,Price,Cost,Discount,Net,VAT,Gross,Credit For"
    )
    line = "1,01/07/2026,LON1,T1,9,Ann Lee,P9,Tea,Food,store,,United Kingdom,2,15.00,10.00,0.00,30.00,6.00,36.00,"
    sold.upload(f"{head}\n{line}\n".encode(), "UK.csv", "UK")
    work()
    rows = ("2026-07,,,revenue,1000,INR", "2026-07,UK,,revenue,60,GBP", "2026-07,UK,LON1,revenue,50,GBP")
    goals = "\n".join(("month,region,store,measure,amount,currency", *rows))
    assert sold.post("/goals/import", {"rows": goals, "month": "2026-07"}).status_code == 200
    assert items(sold, "?region=UK&currency=GBP")["Sales today"] == "30.00 GBP 1 order"
    assert items(sold, "?region=IN&currency=INR")["Sales today"] == "70.00 INR 1 order"
    assert items(sold, "?category=Food&currency=GBP")["Sales today"] == "30.00 GBP 1 order"
    tile = sold.get("/dashboard/tiles/goals?region=UK").text
    assert ">UK</a>" in tile
    assert "All sales" not in tile
    assert ">LON1</a>" in sold.get("/dashboard/tiles/goals?store=LON1").text
    assert ">All sales</a>" in sold.get("/dashboard/tiles/goals").text
    assert (
        "The chosen regions and stores have no goals for Jul 2026 yet."
        in sold.get("/dashboard/tiles/goals?region=IN").text
    )
