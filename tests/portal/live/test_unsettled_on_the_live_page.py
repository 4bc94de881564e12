"""Sales that are not in the ledger yet are on the live page within its reader's scope, and counted apart."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from visitor import People, Visitor

from functions.receiving import keep_receiving
from portal.live import streams
from tillstream.app import App
from tillstream.handlers import FUNCTIONS, Event, dispatch
from tillstream.intake.store_sales import publish_unsigned_sale
from tillstream.model.batch import Batch
from tillstream.model.events import SALES_RECEIVED
from tillstream.model.messages import store_sale_schema
from tillstream.model.permissions import Role
from tillstream.people.store_credentials import StoreToken
from tillstream.pipeline.settling.settle import settle_all
from tillstream.records import data_version

MANY = {"wsgi.multithread": True}


@pytest.fixture
def reader(person: People, app: App, monkeypatch: pytest.MonkeyPatch) -> Visitor:
    monkeypatch.setattr(streams, "APPENDS_FRESH", 0.0)
    return person(Role.ADMIN)


def receive(app: App, *numbers: str, store: str = "LON1") -> None:
    for number in numbers:
        line = {"line": "1", "product_name": "Oak shelf", "quantity": "1", "unit_price": "10", "net_amount": "10"}
        sold_at = app.ports.clock.now().isoformat(timespec="seconds")
        sale = store_sale_schema()["examples"][0] | {
            "store_id": store,
            "number": number,
            "sold_at": sold_at,
            "lines": [line],
        }
        publish_unsigned_sale(app.ports, StoreToken("till", "UK", store), sale)

    def stage(batch: Batch) -> None:
        dispatch(app, Event("1", SALES_RECEIVED, {"batch_id": batch.batch_id}), FUNCTIONS["sales"])

    assert keep_receiving(app.ports, app.contracts, 100, 0, 0, stage)


def events(text: str) -> dict[str, Any]:
    return {name: json.loads(data) for name, data in re.findall(r"event: (\w+)\ndata: (.*)\n", text)}


def shown(html: str) -> list[str]:
    return re.findall(r'data-sale="([^"]+)"', html)


def unsettled_rows(page: str) -> list[str]:
    return shown(page.partition('id="live-unsettled"')[2].partition("</tbody>")[0])


def test_a_sale_is_first_on_the_page_as_unsettled_and_then_as_a_sale_of_the_ledger(reader: Visitor, app: App) -> None:
    receive(app, "1", "2")
    page = reader.get("/live").text
    assert sorted(unsettled_rows(page)) == ["UK/1", "UK/2"]
    assert page.count("Not yet in the ledger") == 2
    assert "2 sales of" in page
    assert "are not yet in the ledger; the figures of today do not include them." in page
    settle_all(app.ports, app.contracts)
    page = reader.get("/live").text
    assert unsettled_rows(page) == []
    assert sorted(shown(page)) == ["UK/1", "UK/2"]
    assert "not yet in the ledger" not in page


def test_an_open_stream_gets_each_change_of_the_unsettled_sales(reader: Visitor, app: App) -> None:
    answer = reader.client.get("/live/events?known=0&alerts=0", environ_overrides=MANY)
    stream = iter(answer.iter_encoded())
    until_event(stream, "today")
    receive(app, "1")
    assert shown(until_event(stream, "unsettled")["unsettled"]["rows"]) == ["UK/1"]
    settle_all(app.ports, app.contracts)
    last = until_event(stream, "unsettled")
    assert last["unsettled"] == {"rows": "", "note": ""}
    assert shown(last["sales"]["rows"]) == ["UK/1"]
    answer.close()


def until_event(stream: Iterator[bytes], name: str) -> dict[str, Any]:
    """The events of the part of the stream that has this one."""
    for part in stream:
        if name in (parts := events(part.decode())):
            return parts
    raise AssertionError(f"The stream ended without {name}.")


def test_a_reader_gets_the_unsettled_sales_of_the_scope(reader: Visitor, person: People, app: App) -> None:
    receive(app, "1")
    receive(app, "2", store="LON2")
    manager = person(Role.MANAGER, "UK", stores=("LON2",))
    other = person(Role.MANAGER, "IN")
    assert [shown(events(one.get("/live/events?once=1").text)["unsettled"]["rows"]) for one in (manager, other)] == [
        ["UK/2"],
        [],
    ]


def test_where_everything_is_settled_at_once_no_event_has_unsettled_sales(reader: Visitor, app: App) -> None:
    assert data_version.live_appends(app.ports.documents) == 0
    assert "event: unsettled" not in reader.get("/live/events?once=1").text
