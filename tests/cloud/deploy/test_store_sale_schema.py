"""The Pub/Sub schema of the topic `store-sales` has the shape of both JSON schemas: of sales and of day closes."""

import json
from pathlib import Path
from typing import Any

import pytest
from google.protobuf import descriptor_pb2, descriptor_pool, json_format, message_factory
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from grpc_tools import protoc

from tillstream.model.messages import day_close_errors, day_close_schema, store_sale_errors, store_sale_schema

FOLDER = Path(__file__).resolve().parents[3] / "infra"
KINDS = {
    "integer": FieldDescriptor.TYPE_INT64,
    "array": FieldDescriptor.TYPE_MESSAGE,
    "object": FieldDescriptor.TYPE_MESSAGE,
}


@pytest.fixture(scope="module")
def shape(tmp_path_factory: pytest.TempPathFactory) -> Descriptor:
    """The one message of the file, compiled as Pub/Sub compiles it."""
    out = tmp_path_factory.mktemp("protoc") / "out"
    assert protoc.main(["protoc", f"-I{FOLDER}", f"--descriptor_set_out={out}", "store_sale.proto"]) == 0
    (file,) = descriptor_pb2.FileDescriptorSet.FromString(out.read_bytes()).file
    (message,) = file.message_type
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    descriptor: Descriptor = pool.FindMessageTypeByName(message.name)
    return descriptor


def read(shape: Descriptor, text: str) -> dict[str, Any]:
    """The fields of a message that the topic accepts. Raises `json_format.ParseError` if the topic rejects it."""
    message = json_format.Parse(text, message_factory.GetMessageClass(shape)())
    values: dict[str, Any] = json_format.MessageToDict(message, preserving_proto_field_name=True)
    return values


def test_it_has_the_fields_of_the_json_schema_and_no_others(shape: Descriptor) -> None:
    of_message = store_sale_schema()["properties"] | day_close_schema()["properties"]
    items = {name: one["items"] for name, one in of_message.items() if "items" in one}
    messages = {name: one["properties"] for name, one in items.items() if "properties" in one}
    assert messages.keys() == {"lines", "totals"}
    of_parts = ((shape.fields_by_name[name].message_type, one) for name, one in messages.items())
    for message, properties in ((shape, of_message), *of_parts):
        types = {field.name: field.type for field in message.fields}
        assert types == {name: kind(one) for name, one in properties.items()}


def kind(field: dict[str, Any]) -> int:
    if "items" in field and "properties" not in field["items"]:
        return kind(field["items"])
    return KINDS.get(field.get("type", ""), FieldDescriptor.TYPE_STRING)


@pytest.mark.parametrize("close", day_close_schema()["examples"], ids=lambda close: close["date"])
def test_a_day_close_passes_as_it_is_written(shape: Descriptor, close: dict[str, Any]) -> None:
    assert not day_close_errors(close)
    assert read(shape, json.dumps(close)) == close | {"sales": str(close["sales"])}


@pytest.mark.parametrize("sale", store_sale_schema()["examples"], ids=lambda sale: sale["number"])
def test_a_sale_passes_as_it_is_written(shape: Descriptor, sale: dict[str, Any]) -> None:
    whole = sale | {"version": 2**53 - 1, "customer_name": "हिन्दी"}
    whole["lines"] = [line | {"extra": {"aisle": "7"}} for line in sale["lines"]]
    assert not store_sale_errors(whole)
    assert read(shape, json.dumps(whole)) == whole | {
        "version": str(2**53 - 1)
    }  # ProtoJSON writes long integers as text


@pytest.mark.parametrize(
    "change",
    [{"colour": "red"}, {"number": 7}, {"lines": "none"}, {"lines": [{"quantity": 1.5}]}, {"version": "first"}],
    ids=lambda change: next(iter(change)),
)
def test_what_has_another_shape_is_refused(shape: Descriptor, change: dict[str, Any]) -> None:
    sale = store_sale_schema()["examples"][0] | change
    assert store_sale_errors(sale)
    with pytest.raises(json_format.ParseError):
        read(shape, json.dumps(sale))


def test_what_is_no_json_is_refused(shape: Descriptor) -> None:
    with pytest.raises(json_format.ParseError):
        read(shape, "nonsense")
