"""The Pub/Sub schema of the topic `store-sales` has the same shape as the JSON schema."""

import json
from pathlib import Path
from typing import Any

import pytest
from google.protobuf import descriptor_pb2, descriptor_pool, json_format, message_factory
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from grpc_tools import protoc

from tillstream.domain.store_sale import schema, validation_errors

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
    of_sale = schema()["properties"]
    of_line = of_sale["lines"]["items"]["properties"]
    for message, properties in ((shape, of_sale), (shape.fields_by_name["lines"].message_type, of_line)):
        types = {field.name: field.type for field in message.fields}
        assert types == {
            name: KINDS.get(one.get("type", ""), FieldDescriptor.TYPE_STRING) for name, one in properties.items()
        }


@pytest.mark.parametrize("sale", schema()["examples"], ids=lambda sale: sale["number"])
def test_a_sale_passes_as_it_is_written(shape: Descriptor, sale: dict[str, Any]) -> None:
    whole = sale | {"version": 2**53 - 1, "customer_name": "हिन्दी"}
    whole["lines"] = [line | {"extra": {"aisle": "7"}} for line in sale["lines"]]
    assert not validation_errors(whole)
    assert read(shape, json.dumps(whole)) == whole | {
        "version": str(2**53 - 1)
    }  # ProtoJSON writes long integers as text


@pytest.mark.parametrize(
    "change",
    [{"colour": "red"}, {"number": 7}, {"lines": "none"}, {"lines": [{"quantity": 1.5}]}, {"version": "first"}],
    ids=lambda change: next(iter(change)),
)
def test_what_has_another_shape_is_refused(shape: Descriptor, change: dict[str, Any]) -> None:
    sale = schema()["examples"][0] | change
    assert validation_errors(sale)
    with pytest.raises(json_format.ParseError):
        read(shape, json.dumps(sale))


def test_what_is_no_json_is_refused(shape: Descriptor) -> None:
    with pytest.raises(json_format.ParseError):
        read(shape, "nonsense")
