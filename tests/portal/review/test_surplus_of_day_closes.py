"""A sale of the till and day that counts, and that its day close does not list, is a question; other sales are not."""

import html
import json
from typing import Any

from test_day_closes import REGION, STORE, close, only, sale, send, sweep
from visitor import People

from tillstream.adapters.local.clock import ManualClock
from tillstream.app import App
from tillstream.model.events import TOPIC_STORE_SALES
from tillstream.model.permissions import Role
from tillstream.people import signatures, store_credentials
from tillstream.ports.bus import Message
from tillstream.review import day_closes
from tillstream.server.worker import Worker

NEXT_DAY = "2026-11-21"


def send_from(app: App, till: str, *messages: dict[str, Any], private: str = "", key: str = "") -> None:
    """Send messages that name a till, signed with a key if there is one."""
    published = []
    for message in messages:
        body = json.dumps(message).encode()
        attributes = {"region": REGION, "store_id": STORE, "till": till}
        if key:
            attributes |= {"key": key, "signature": signatures.sign_payload(private, body)}
        published.append(Message(body, {name: value for name, value in attributes.items() if value}))
    app.ports.bus.publish(TOPIC_STORE_SALES, published)
    Worker(app).run_until_idle()


def test_further_sales_of_the_till_are_listed_until_it_closes_the_day_again(
    app: App, clock: ManualClock, person: People
) -> None:
    send_from(app, "front", *(sale(str(number)) for number in range(1, 8)), close(["1-3"], 3, "30"))
    sweep(app, clock)
    assert (only(app).state, only(app).counted, only(app).surplus) == ("open", 3, ("4-7",))
    page = html.unescape(person(Role.ADMIN).get("/waiting/day-closes").text)
    assert "Further sales of the till count that its day close does not list: 4-7." in page
    send_from(app, "front", close(["1-7"], 7, "70", closed_at="2026-11-20T21:00:00+00:00"))
    sweep(app, clock)
    assert (only(app).state, only(app).surplus) == ("agreed", ())


def test_the_key_decides_which_till_sent_a_sale(app: App, clock: ManualClock) -> None:
    front, private = store_credentials.issue_store_key(app.ports, REGION, STORE, "front", "boss")
    send_from(app, "front", sale("1"), close(["1"], 1, "10"), key=front.id, private=private)
    send_from(app, "another", sale("2"), key=front.id, private=private)
    send_from(app, "", sale("3"), key=front.id, private=private)
    sweep(app, clock)
    assert (only(app).state, only(app).surplus) == ("open", ("2-3",))


def test_sales_of_other_tills_the_form_and_programs_are_no_surplus(app: App, clock: ManualClock) -> None:
    send_from(app, "front", sale("1"), close(["1"], 1, "10"))
    send_from(app, "back", sale("2", "11"))
    send_from(app, "portal", sale("W-ab-1", "12", source="form"))
    send(app, sale("3", "13"))
    sweep(app, clock)
    assert (only(app).state, only(app).surplus) == ("agreed", ())


def test_cancelled_sales_and_those_of_other_days_are_no_surplus(app: App, clock: ManualClock) -> None:
    send_from(app, "front", sale("1"), sale("2", status="cancelled"), close(["1"], 1, "10"))
    send_from(app, "front", sale("3", sold_at=f"{NEXT_DAY}T10:00:00+00:00"))
    sweep(app, clock)
    assert (only(app).state, only(app).surplus) == ("agreed", ())


def test_a_sale_that_the_till_lists_on_the_next_day_is_no_surplus(app: App, clock: ManualClock) -> None:
    send_from(app, "front", sale("1"), sale("2"), close(["1"], 1, "10"), close(["2"], 1, "10", date=NEXT_DAY))
    sweep(app, clock)
    assert [one.state for one in day_closes.find_day_closes(app.ports)] == ["agreed", "agreed"]


def test_a_further_sale_that_arrives_later_opens_the_day_close_again(app: App, clock: ManualClock) -> None:
    send_from(app, "front", sale("1"), close(["1"], 1, "10"))
    sweep(app, clock)
    assert only(app).state == "agreed"
    send_from(app, "front", sale("2"))
    sweep(app, clock)
    assert (only(app).state, only(app).surplus) == ("open", ("2",))


def test_totals_are_shown_as_amounts(app: App, clock: ManualClock, person: People) -> None:
    send_from(app, "front", sale("1", "1234.5"), close(["1"], 1, "1000.0"))
    sweep(app, clock)
    page = person(Role.ADMIN).get("/waiting/day-closes").text
    assert ">1,000.00</data> GBP" in page
    assert ">1,234.50</data> GBP" in page


def test_a_sale_whose_original_is_lost_is_no_surplus(app: App, clock: ManualClock) -> None:
    send_from(app, "front", sale("1"), sale("2"), close(["1"], 1, "10"))
    for stored in app.ports.objects.list("inbox"):
        app.ports.objects.delete("inbox", stored.name)
    sweep(app, clock)
    assert (only(app).state, only(app).surplus) == ("agreed", ())
