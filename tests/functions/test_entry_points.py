"""Real event JSON, binary and structured, reaches the handlers; returning acknowledges, raising comes again."""

import base64
import io
import json
from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient

from tillstream.app import App
from tillstream.domain.events import BATCH_SETTLED, BATCH_STAGED, INBOX, MESSAGE_PUBLISHED, OBJECT_FINALIZED
from tillstream.domain.store_sale import schema
from tillstream.domain.uploads import State, Upload
from tillstream.pipeline import account, uploads
from tillstream.stores.messages import StoreToken, publish

Entry = Callable[[str], FlaskClient]


def upload(app: App) -> Upload:
    contract = app.book.used("classic-models")
    names = list(contract.columns.values())
    cells = {
        "ORDERNUMBER": "10107",
        "ORDERLINENUMBER": "2",
        "QUANTITYORDERED": "30",
        "PRICEEACH": "95.70",
        "SALES": "2871",
        "ORDERDATE": "2/24/2003 0:00",
        "STATUS": "Shipped",
    }
    text = ",".join(names) + "\n" + ",".join(cells.get(name, "x") for name in names) + "\n"
    return uploads.receive(app.ports, contract, "sales.csv", io.BytesIO(text.encode("cp850")), "emma")


def storage_data(received: Upload) -> dict[str, Any]:
    """As Cloud Storage sends it: numbers are text, and there is more than we need."""
    return {
        "kind": "storage#object",
        "id": f"{received.bucket}/{received.object}/{received.generation}",
        "name": received.object,
        "bucket": received.bucket,
        "generation": str(received.generation),
        "metageneration": "1",
        "contentType": "text/csv",
        "timeCreated": "2026-11-20T10:00:00.000Z",
        "size": str(received.size),
        "md5Hash": "1B2M2Y8AsgTpgAmY7PhCfg==",
        "crc32c": "AAAAAA==",
    }


def attributes(type_: str, source: str) -> dict[str, str]:
    return {
        "specversion": "1.0",
        "id": "1096434104173400",
        "type": type_,
        "source": source,
        "time": "2026-11-20T10:00:00Z",
    }


def binary(client: FlaskClient, type_: str, data: dict[str, Any]) -> int:
    headers = {f"ce-{name}": value for name, value in attributes(type_, "//storage.googleapis.com/x").items()}
    return client.post("/", json=data, headers=headers).status_code


def structured(client: FlaskClient, type_: str, data: dict[str, Any]) -> int:
    event = attributes(type_, "//pubsub.googleapis.com/x") | {"datacontenttype": "application/json", "data": data}
    return client.post("/", data=json.dumps(event), content_type="application/cloudevents+json").status_code


def message(type_: str, body: dict[str, Any]) -> dict[str, Any]:
    """The data of a messagePublished event."""
    encoded = base64.b64encode(json.dumps(body).encode()).decode()
    return {
        "message": {
            "data": encoded,
            "attributes": {"type": type_},
            "messageId": "2070443601311540",
            "publishTime": "2026-11-20T10:00:00.000Z",
        },
        "subscription": "projects/demo/subscriptions/batches",
    }


@pytest.mark.parametrize("send", [binary, structured])
def test_a_finalized_object_is_staged(entry: Entry, app: App, send: Callable[..., int]) -> None:
    received = upload(app)
    assert send(entry("stage"), OBJECT_FINALIZED, storage_data(received)) == 200
    assert uploads.get(app.ports, received.batch_id).state is State.STAGED


def test_the_same_event_twice_stages_once(entry: Entry, app: App) -> None:
    received = upload(app)
    client = entry("stage")
    assert [binary(client, OBJECT_FINALIZED, storage_data(received)) for _ in range(2)] == [200, 200]
    assert len(uploads.find(app.ports)) == 1


@pytest.mark.parametrize("send", [binary, structured])
def test_staged_settled_announced_through_pubsub_messages(entry: Entry, app: App, send: Callable[..., int]) -> None:
    app.ports.bus.subscribe("sale-events", "listener")
    received = upload(app)
    assert send(entry("stage"), OBJECT_FINALIZED, storage_data(received)) == 200
    staged = message(BATCH_STAGED, {"batch_id": received.batch_id})
    assert send(entry("settle"), MESSAGE_PUBLISHED, staged) == 200
    assert account.receipt(app.ports, received.batch_id)["rows"]["new"] == 1
    settled = message(BATCH_SETTLED, {"settlement_no": 1})
    announce = entry("announce")
    assert [send(announce, MESSAGE_PUBLISHED, settled) for _ in range(2)] == [200, 200]
    told = app.ports.bus.pull("listener", 10)
    assert [json.loads(delivery.message.body)["type"] for delivery in told] == ["sale.changed"]
    assert uploads.get(app.ports, received.batch_id).state is State.ANNOUNCED


def test_store_sales_are_pulled_and_kept(entry: Entry, app: App) -> None:
    sale = schema()["examples"][0]
    publish(app.ports, StoreToken("UK", "LON1"), sale)
    answer = entry("receive").post("/")
    assert answer.get_json() == {"batches": 1}
    kept = uploads.find(app.ports, kind="messages")
    assert [(batch.region, batch.file) for batch in kept] == [("UK", "1 store sale")]


def test_an_object_in_no_contracts_folder_is_kept_and_held(entry: Entry, app: App) -> None:
    with app.ports.objects.writer(INBOX, "nowhere/file.csv") as writer:
        writer.write(b"a,b\n1,2\n")
    stored = app.ports.objects.stat(INBOX, "nowhere/file.csv")
    data = {
        "bucket": stored.bucket,
        "name": stored.name,
        "generation": str(stored.generation),
        "size": str(stored.size),
    }
    assert binary(entry("stage"), OBJECT_FINALIZED, data) == 200
    assert app.ports.objects.stat(INBOX, "nowhere/file.csv") == stored
    (held,) = uploads.find(app.ports)
    assert (held.state, held.holds[0].code) == (State.HELD, "which-contract")


def test_an_object_that_is_gone_is_acknowledged(entry: Entry) -> None:
    data = {"bucket": INBOX, "name": "classic-models/gone.csv", "generation": "1", "size": "3"}
    assert binary(entry("stage"), OBJECT_FINALIZED, data) == 200


def test_broken_event_data_comes_again(entry: Entry) -> None:
    assert binary(entry("stage"), OBJECT_FINALIZED, {"bucket": INBOX}) == 500


def test_an_event_without_its_headers_is_refused(entry: Entry) -> None:
    assert entry("stage").post("/", json={"bucket": INBOX}).status_code == 400
