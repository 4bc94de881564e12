"""Preview of a file that several contracts fit: the source is asked, and the name of the file breaks ties."""

import pytest
from upload_steps import look_at, text_of
from visitor import People, Visitor

from tillstream.app import App
from tillstream.model.contract import parse_contract
from tillstream.model.permissions import Role

ROWS = [f"{1000 + number},2026-03-{1 + number % 28:02},Cup,{number}.50" for number in range(9)]
FILE = "\n".join(["No,Day,Item,Amount", *ROWS, "1999,yesterday,Cup,1.00", ""]).encode()
COLUMNS = {"sale_id": "No", "date": "Day", "product_name": "Item", "net_amount": "Amount"}


@pytest.fixture
def clerk(app: App, person: People) -> Visitor:
    """A clerk of Austria, which has two contracts for the same files; so has Germany one."""
    for name, region in (("north", "Austria"), ("south", "Austria"), ("west", "Germany")):
        document = {"name": name, "region": region, "currency": "EUR", "columns": COLUMNS, "identity": {"store": name}}
        app.contracts.save(parse_contract(document), "test")
    return person(Role.CLERK, "Austria")


def test_the_source_is_the_first_question(clerk: Visitor) -> None:
    place = look_at(clerk, FILE, "export.csv")
    page = text_of(clerk.get(place).text)
    assert "From which source is this file? Several data sources fit it equally well." in page
    assert "west" not in page
    assert "open question" not in page
    assert "90% of the cells or more can be read in each" in page
    assert (
        clerk.get(f"{place}/told").get_json()["says"]
        == "It may be a file of several of your data sources. Choose one in its preview."
    )
    assert "Import as south" in clerk.get(f"{place}?contract=south").text
    assert "open questions" in clerk.get(f"{place}?contract=new").text


def test_a_file_in_another_format_has_the_same_question(clerk: Visitor) -> None:
    page = text_of(clerk.get(look_at(clerk, FILE.replace(b"2026-03-", b"March "), "export.csv")).text)
    assert "It has the columns of several data sources, but another format." in page
    assert "in Day is not a date in the format of the data source" in page


def test_the_name_of_the_file_breaks_the_tie_and_the_page_contains_that(clerk: Visitor) -> None:
    page = clerk.get(look_at(clerk, FILE, "south-2026-03.csv")).text
    assert "Import as south" in page
    assert "north and south fit equally well, and the name of the file is that of south." in text_of(page)


WHOLESALE = (
    b"InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n"
    b"7001,P1,LANTERN,3,4/19/2011 16:19,2.50,801,USA\n7002,P2,GARLAND,1,4/20/2011 9:05,4.00,802,USA\n"
)


@pytest.mark.parametrize("country", ["USA", "IN"])
def test_the_content_decides_before_a_name_that_is_that_of_another_source(person: People, country: str) -> None:
    admin = person(Role.ADMIN)
    content = WHOLESALE.replace(b",USA\n", b",India\n") if country == "IN" else WHOLESALE
    place = look_at(admin, content, f"{country}.csv")
    page = admin.get(place).text
    others = {"online-retail-in", "online-retail-uk", "online-retail-usa"} - {f"online-retail-{country.lower()}"}
    assert f"Import as online-retail-{country.lower()}" in page
    for other in others:
        assert f"Preview as {other}" in page
        assert f"Import as {other}" in admin.get(f"{place}?contract={other}").text
    assert "cannot be imported" not in page
    wrong = admin.get(f"{place}?contract={country}").text
    assert "It cannot be imported as" in wrong
    for name in sorted(others | {f"online-retail-{country.lower()}"}):
        assert f">Preview as {name}</a>" in wrong
    assert ">Set up a new data source</a>" in wrong


def test_a_file_that_no_source_fits_leads_to_a_new_one_whatever_its_name(person: People) -> None:
    admin = person(Role.ADMIN)
    content = WHOLESALE.replace(b"StockCode", b"Artikel").replace(b"Country", b"Land")
    page = admin.get(look_at(admin, content, "USA.csv"))
    assert "open questions" in page.text
    assert "cannot be imported" not in page.text


def test_an_answer_leads_to_a_new_contract(clerk: Visitor) -> None:
    place = look_at(clerk, FILE, "export.csv")
    clerk.post(f"{place}/answers", {"answer.region": "Austria"})
    assert "open questions" in clerk.get(place).text
