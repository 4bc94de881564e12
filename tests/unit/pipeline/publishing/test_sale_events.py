"""Messages of sale events: their schema, attributes and ordering keys."""

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from importlib import resources
from typing import Any

import pyarrow as pa
from jsonschema import Draft202012Validator

from tillstream.pipeline.publishing.sale_events import EVENT_SCHEMA, FILTERED_BY, MAX_LETTERS, sale_event_messages
from tillstream.ports.bus import Message

EVENT = Draft202012Validator(
    json.loads(resources.files("tillstream.model").joinpath("sale-event.v1.json").read_text(encoding="utf-8"))
)


def changes(*rows: dict[str, Any]) -> pa.RecordBatch:
    usual = {
        "kind": "added",
        "region": "UK",
        "sale_id": "LON1/1",
        "line_key": "P#1",
        "store_id": "LON1",
        "category": "Toys",
        "channel": None,
        "status": "completed",
        "sold_at": datetime(2026, 11, 20, 9, 30, tzinfo=UTC),
        "sale_date": date(2026, 11, 20),
        "net_amount": Decimal("15.300000000"),
        "currency": "GBP",
    }
    types = {
        "sold_at": pa.timestamp("us", "UTC"),
        "sale_date": pa.date32(),
        "net_amount": pa.decimal128(38, 9),
    }
    schema = pa.schema([(name, types.get(name, pa.string())) for name in usual])
    return pa.RecordBatch.from_pylist([usual | row for row in rows], schema)


def body(message: Message) -> dict[str, Any]:
    event: dict[str, Any] = json.loads(message.body)
    return event


def test_each_event_is_valid_for_its_schema() -> None:
    built = sale_event_messages(
        3, changes({}, {"kind": "removed", "line_key": "Q#1", "store_id": None}, {"kind": "corrected"})
    )
    for event in map(body, built):
        EVENT.validate(event)
        assert event["schema"] == EVENT_SCHEMA
    assert [body(message)["type"] for message in built] == ["sale.changed", "sale.removed", "sale.changed"]


def test_the_example_of_the_schema_is_valid() -> None:
    EVENT.validate(EVENT.schema["examples"][0])


def test_attributes_are_those_of_each_row_whatever_their_order() -> None:
    rows = [
        {"region": region, "store_id": store, "category": category, "status": status}
        for region in ("UK", "IN")
        for store in ("A", None)
        for category in ("Toys", "Books", None)
        for status in ("completed", "returned")
    ]
    for row, message in zip(rows, sale_event_messages(1, changes(*rows)), strict=True):
        expected = {name: row.get(name) or "" for name in FILTERED_BY} | {"type": "sale.changed"}
        assert dict(message.attributes) == expected
        assert message.ordering_key == f"{row['region']}/{row['store_id'] or ''}"


def test_a_long_value_is_cut_off_in_attributes_and_key_but_not_in_the_line() -> None:
    long = "Ж" * 900
    (message,) = sale_event_messages(1, changes({"store_id": long, "category": long}))
    assert message.attributes["store_id"] == message.attributes["category"] == "Ж" * MAX_LETTERS
    assert max(len(value.encode()) for value in [*message.attributes.values(), message.ordering_key]) <= 1024
    assert body(message)["line"]["store_id"] == long


def test_a_settlement_published_again_has_the_same_ids_without_an_order() -> None:
    first, again = (sale_event_messages(1, changes({}), in_order=in_order)[0] for in_order in (True, False))
    assert body(first) == body(again)
    assert (first.ordering_key, again.ordering_key) == ("UK/LON1", "")
    assert body(sale_event_messages(2, changes({}))[0])["id"] != body(first)["id"]
