"""The live page shows sales within the reader's scope, each once, and today against the same time last week."""

import json
import re
from decimal import Decimal
from typing import Any

import pytest
from visitor import People, Visitor, Work, indian_file, indian_sale

from tillstream.adapters.local.clock import ManualClock
from tillstream.model.permissions import Role

TODAY, LAST_WEEK = "01-07-2026", "24-06-2026"


@pytest.fixture
def admin(person: People) -> Visitor:
    return person(Role.ADMIN)


def sell(admin: Visitor, work: Work, *rows: str, name: str = "today.csv") -> None:
    admin.upload(indian_file(*rows), name=name)
    work()


def of_store(row: str, store: str, salesperson: str = "S1") -> str:
    return row.replace("MUM01,S1", f"{store},{salesperson}")


def events(visitor: Visitor, last: int) -> dict[str, Any]:
    """name → the data of the last event with it, and `id`."""
    text = visitor.get(f"/live/events?known={last}&once=1").text
    named = dict(re.findall(r"event: (\w+)\ndata: (.*)\n", text))
    ids = re.findall(r"^id: (\d+)$", text, re.MULTILINE)
    return {name: json.loads(data) for name, data in named.items()} | {"id": ids}


def shown(html: str) -> list[str]:
    return re.findall(r'data-sale="([^"]+)"', html)


def test_the_page_shows_recent_sales_on_the_clock_of_the_store(admin: Visitor, work: Work) -> None:
    sell(admin, work, indian_sale("1", date=f"{TODAY} 14:05"), indian_sale("2", date="01-02-2026 10:00"))
    page = admin.get("/live").text
    assert shown(page) == ["IN/MUM01/1"]
    assert "14:05" in page
    assert 'title="Asia/Kolkata"' in page
    assert 'data-known="1"' in page


def test_without_any_sale_the_page_shows_how_to_begin(admin: Visitor, person: People) -> None:
    assert ">Stores' tills</a>" in admin.get("/live").text.partition("No sales yet")[2]
    assert "No sales yet" in person(Role.ANALYST).get("/live").text


def test_when_no_sale_is_recent_the_last_ones_are_shown(admin: Visitor, work: Work) -> None:
    sell(admin, work, indian_sale("1", date="03-02-2026 10:15"), indian_sale("2", date="03-01-2026 10:15"))
    page = admin.get("/live").text
    assert "No sale in the last 7 days" in page
    assert shown(page) == ["IN/MUM01/1"]


def test_a_stream_resumes_after_the_settlement_that_the_browser_has(admin: Visitor, work: Work) -> None:
    for number in ("1", "2", "3"):
        sell(admin, work, indian_sale(number, date=f"{TODAY} 10:0{number}"), name=f"{number}.csv")
    assert shown(events(admin, 1)["sales"]["rows"]) == ["IN/MUM01/3", "IN/MUM01/2"]
    assert events(admin, 1)["id"] == ["3"]
    assert not events(admin, 1)["sales"]["whole"]
    assert "sales" not in events(admin, 3)
    resumed = admin.get("/live/events?known=0&once=1", headers={"Last-Event-ID": "2"}).text
    assert "IN/MUM01/3" in resumed
    assert "IN/MUM01/2" not in resumed


def test_after_more_sales_than_the_page_shows_all_rows_are_replaced(admin: Visitor, work: Work) -> None:
    sell(admin, work, indian_sale("first", date=f"{TODAY} 09:00"))
    sell(admin, work, *(indian_sale(str(at), date=f"{TODAY} 10:15") for at in range(60)), name="more.csv")
    sales = events(admin, 1)["sales"]
    assert sales["whole"]
    assert sales["total"] == 60
    assert len(shown(sales["rows"])) == 50


def test_a_browser_that_is_ahead_of_a_restored_ledger_begins_again(admin: Visitor, work: Work) -> None:
    sell(admin, work, indian_sale("1", date=f"{TODAY} 10:00"))
    again = events(admin, 9)
    assert again["sales"]["whole"]
    assert again["id"] == ["1"]


def test_corrections_returns_and_undone_sales_are_marked(admin: Visitor, work: Work) -> None:
    sell(admin, work, indian_sale("1", date=f"{TODAY} 10:00"), indian_sale("2", date=f"{TODAY} 10:01"))
    again = indian_sale("1", "80.00", date=f"{TODAY} 10:00")
    batch = admin.upload(indian_file(again), name="corrected.csv")
    work()
    rows = events(admin, 1)["sales"]["rows"]
    assert shown(rows) == ["IN/MUM01/1"]
    assert "Corrected" in rows
    assert "80.00" in rows
    admin.post(f"/uploads/{batch}/undo")
    work()
    assert shown(events(admin, 2)["sales"]["rows"]) == ["IN/MUM01/1"]
    completed, returned = "Completed,1,50.00,0.00,50.00,18.00,118.00,", "Returned,-1,50.00,0.00,-50.00,-9.00,-59.00,1"
    back = indian_sale("3", "50.00", date=f"{TODAY} 11:00").replace(completed, returned)
    sell(admin, work, back, name="return.csv")
    assert "Return<" in events(admin, 3)["sales"]["rows"]


def test_each_reader_gets_only_sales_in_scope(admin: Visitor, person: People, work: Work) -> None:
    sell(
        admin,
        work,
        indian_sale("1", date=f"{TODAY} 10:00"),
        of_store(indian_sale("2", date=f"{TODAY} 10:01"), "DEL01", "S2"),
    )
    salesperson = person(Role.SALESPERSON, "IN", salesperson="S2")
    for visitor, expected in ((salesperson, ["IN/DEL01/2"]), (person(Role.MANAGER, "UK"), [])):
        assert shown(visitor.get("/live").text) == expected
        assert shown(events(visitor, 0)["sales"]["rows"]) == expected
    analyst = person(Role.ANALYST)
    for text in (analyst.get("/live").text, events(analyst, 0)["sales"]["rows"]):
        assert len(shown(text)) == 2
        assert "S2<" not in text
        assert "Salesperson" not in text
        assert "Asha" not in text
    names = events(salesperson, 0)["sales"]["rows"]
    assert 'data-label="Salesperson">' in names
    assert "S2<" not in names  # the account has a name


def test_today_is_compared_until_the_same_time_of_day(admin: Visitor, work: Work, clock: ManualClock) -> None:
    # 14:30 in India
    sell(
        admin,
        work,
        indian_sale("1", "300.00", date=f"{TODAY} 11:00"),
        indian_sale("2", "100.00", date=f"{LAST_WEEK} 14:29"),
        indian_sale("3", "700.00", date=f"{LAST_WEEK} 14:31"),
    )
    today = admin.get("/live").text.partition('id="live-today"')[2].partition("</section>")[0]
    assert [Decimal(text) for text in re.findall(r'value="([\d.-]+)"', today)] == [300, 100, 1, 1, 1]
    assert "200.0%" in today
    clock.sleep(120)
    assert ">800.00</data>" in events(admin, 1)["today"]["today"]


def test_a_sale_of_later_today_is_not_in_todays_figures_before_its_time(
    admin: Visitor, work: Work, clock: ManualClock
) -> None:
    # 14:30 in India
    rows = [("1", "300.00", "14:39"), ("2", "100.00", "14:42")]
    sell(admin, work, *(indian_sale(number, amount, date=f"{TODAY} {time}") for number, amount, time in rows))
    assert ">300.00</data>" in events(admin, 0)["today"]["today"]
    clock.sleep(180)
    assert ">400.00</data>" in events(admin, 0)["today"]["today"]


def test_a_day_without_times_is_not_compared(admin: Visitor, work: Work) -> None:
    sell(admin, work, indian_sale("1", "300.00", date="2026-07-01"), indian_sale("2", "100.00", date="2026-06-24"))
    today = events(admin, 0)["today"]["today"]
    assert "1 store not compared" in today
    assert ">100.00</data>" not in today


def test_the_change_of_some_stores_is_printed_with_their_own_figures(admin: Visitor, work: Work) -> None:
    sell(
        admin,
        work,
        indian_sale("1", "27.71", date=f"{TODAY} 10:00"),
        indian_sale("2", "315.02", date=f"{LAST_WEEK} 10:00"),
        indian_sale("3", "100.00", date=f"{LAST_WEEK} 11:00"),
        name="timed.csv",
    )
    rows = (indian_sale("4", "4522.14", date="2026-07-01"), indian_sale("5", "90.00", date="2026-06-24"))
    sell(admin, work, *(of_store(row, "DEL01") for row in rows), name="untimed.csv")
    today = " ".join(re.sub(r"<[^>]+>", " ", events(admin, 0)["today"]["today"]).split())
    change = "1 comparable store: {} ▼ down {}% vs {} at this time last week"
    assert f"Revenue today INR 4,549.85 {change.format('27.71', '93.3', '415.02')}" in today
    assert f"Orders today 2 {change.format('1', '50.0', '2')}" in today
    brief = " ".join(re.sub(r"<[^>]+>", " ", admin.get("/dashboard/tiles/brief").text).split())
    assert "4,549.85 INR 1 comparable store: 27.71 ▼ down 93.3% vs 415.02 last week" in brief


def test_stores_have_their_names_of_the_catalogue(admin: Visitor, work: Work) -> None:
    sell(admin, work, indian_sale("1", date=f"{TODAY} 10:00"))
    assert "MUM01 <" in admin.get("/live").text
    store = {"region": "IN", "store_id": "MUM01", "name": "Bandra", "active": "yes", "version": "0"}
    assert admin.post("/catalogue/stores/save", store).status_code == 303
    page = admin.get("/live").text
    assert '<td data-label="Store">Bandra <span class="quiet">IN</span></td>' in page
    assert "MUM01 <" not in page


def test_stores_without_a_sale_today_come_last_and_are_not_100_percent_down(admin: Visitor, work: Work) -> None:
    earlier = of_store(indian_sale("2", "900.00", date=f"{LAST_WEEK} 10:00"), "DEL01")
    sell(admin, work, earlier, indian_sale("1", "10.00", date=f"{TODAY} 10:00"))
    today = events(admin, 0)["today"]["today"].partition("<tbody>")[2]
    assert re.findall(r'<th scope="row">(\w+)', today) == ["MUM01", "DEL01"]
    assert "no sales yet" in today
    assert "100.0%" not in today


def test_an_anonymous_reader_gets_no_sales(anonymous: Visitor) -> None:
    assert anonymous.get("/live/events").status_code == 303
