"""JSON Schemas of API responses, the components of the OpenAPI document."""

from typing import Any

from tillstream.intake import till_gaps
from tillstream.intake.message_verification import SIGNING_ATTRIBUTES
from tillstream.intake.store_messages import MAX_ATTRIBUTE, MAX_MESSAGES
from tillstream.model.batch import BatchState
from tillstream.model.columns import STATUSES
from tillstream.model.messages import store_sale_schema

Schema = dict[str, Any]

DECIMAL: Schema = {"type": ["string", "null"], "pattern": r"^-?\d+(\.\d+)?$", "examples": ["1234.5"]}
CHOSEN_DECIMAL: Schema = DECIMAL | {"type": ["string", "number", "null"]}
"""A number with `numbers=number`."""
INSTANT: Schema = {"type": ["string", "null"], "format": "date-time"}
DAY: Schema = {"type": ["string", "null"], "format": "date"}
COUNT: Schema = {"type": "integer", "minimum": 0}
TEXT: Schema = {"type": "string"}
TEXT_OR_NULL: Schema = {"type": ["string", "null"]}
CURSOR: Schema = {"type": ["string", "null"], "description": "Cursor of the next page; null on the last one"}
KINDS: dict[str, Schema] = {
    "decimal": CHOSEN_DECIMAL,
    "int64": {"type": ["integer", "null"]},
    "date": DAY,
    "timestamp": INSTANT,
    "string": {"type": ["string", "null"]},
    "bool": {"type": ["boolean", "null"]},
    "double": {"type": ["number", "null"]},
}
"""Type of a query column → its JSON Schema."""

MAYBE_COUNT: Schema = {"type": ["integer", "null"], "minimum": 0}
ROWS = ("read", "new", "corrected", "duplicate", "quarantined", "blank", "ignored")
STATES = [state.value for state in BatchState]

STATUS: Schema = {"type": "string", "enum": [*STATUSES, ""]}


def object_of(properties: dict[str, Schema], *, optional: tuple[str, ...] = (), open_: bool = False) -> Schema:
    """Schema of an object; properties are required unless they are in `optional`."""
    required = [name for name in properties if name not in optional]
    schema: Schema = {"type": "object", "properties": properties, "additionalProperties": open_}
    return schema | ({"required": required} if required else {})


PROBLEM_OF_MOVEMENT = object_of({"movement": {"type": ["integer", "null"]}, "field": TEXT, "detail": TEXT})
"""What is wrong with one of several movements of stock: its number from 0, and the field."""


def array_of(items: Schema) -> Schema:
    return {"type": "array", "items": items}


SCHEMAS: dict[str, Schema] = {
    "Problem": object_of(
        {
            "type": {
                "type": "string",
                "format": "uri-reference",
                "description": "Address of the explanation of this type of problem",
            },
            "title": TEXT,
            "status": {"type": "integer", "minimum": 400, "maximum": 599},
            "detail": TEXT,
            "instance": {
                "type": "string",
                "format": "uri-reference",
                "description": "Path of the request; for internal errors, a reference for an administrator",
            },
            "problems": array_of({"anyOf": [TEXT, PROBLEM_OF_MOVEMENT]}),
        },
        optional=("problems",),
    ),
    "Upload": object_of(
        {
            "batch_id": TEXT,
            "kind": {"type": "string", "enum": ["upload", "replay", "messages", "correction"]},
            "file": TEXT,
            "size": COUNT,
            "sha256": TEXT,
            "contract": TEXT,
            "contract_version": COUNT,
            "region": TEXT,
            "received_at": TEXT,
            "received_by": TEXT,
            "state_at": TEXT,
            "error": TEXT,
            "parent": TEXT,
            "state": {"type": "string", "enum": STATES},
            "receipt": {"type": "string", "format": "uri-reference"},
        }
    ),
    "Receipt": object_of(
        {
            "batch_id": TEXT,
            "status": {"type": "string", "enum": STATES},
            "region": TEXT,
            "contract": TEXT,
            "contract_version": COUNT,
            "file": TEXT,
            "holds": array_of(object_of({"code": TEXT, "message": TEXT})),
            "rows": object_of(dict.fromkeys(ROWS, MAYBE_COUNT)),
            "problems": array_of(
                object_of(
                    {
                        "code": TEXT,
                        "severity": {"type": "string", "enum": ["error", "warning"]},
                        "column": {"type": ["string", "null"]},
                        "count": MAYBE_COUNT,
                        "first_line": MAYBE_COUNT,
                        "example": {"type": ["string", "null"]},
                    },
                    open_=True,
                )
            ),
            "amounts": array_of(object_of({"currency": TEXT, "net": DECIMAL, "gross": DECIMAL})),
            "removed": MAYBE_COUNT,
        },
        open_=True,
    ),
    "Sending": object_of(
        {
            "id": TEXT,
            "file": TEXT,
            "size": COUNT,
            "offset": COUNT,
            "contract": TEXT,
            "look": {"type": "boolean"},
            "sha256": TEXT,
            "mark": TEXT,
            "begun_at": TEXT,
            "batch_id": TEXT,
            "upload": {"type": ["string", "null"], "format": "uri-reference"},
        }
    ),
    "Uploads": object_of(
        {
            "uploads": array_of({"$ref": "#/components/schemas/Upload"}),
            "limit": COUNT,
            "offset": COUNT,
            "next_cursor": CURSOR,
        }
    ),
    "Refreshed": object_of({"status": {"const": "accepted"}, "swept": {"type": "object"}}),
    "Taken": object_of({"id": TEXT, "status": {"const": "accepted"}}),
    "StoreMessages": {
        "type": "object",
        "required": ["messages"],
        "additionalProperties": False,
        "properties": {
            "messages": {
                "description": "May only be empty if acknowledged messages are listed",
                "type": "array",
                "maxItems": MAX_MESSAGES,
                "items": {
                    "description": "A message that is not as described is refused by itself",
                    "properties": {
                        "payload": {"description": "The exact JSON text of a sale or of a day close"},
                        **{
                            name: {"description": f"Text of at most {MAX_ATTRIBUTE} letters"}
                            for name in SIGNING_ATTRIBUTES
                        },
                    },
                },
            },
            "acknowledged": {
                "description": "What the till was acknowledged before and does not know to be stored",
                "type": "object",
                "required": ["till", "messages"],
                "properties": {
                    "till": TEXT,
                    "messages": {
                        "type": "array",
                        "maxItems": till_gaps.MAX_MESSAGES_PER_REQUEST,
                        "items": {
                            "type": "object",
                            "required": ["epoch", "sequence", "digest"],
                            "properties": {
                                "epoch": {"type": "string", "pattern": "^[0-9a-f]{16}$"},
                                "sequence": {"type": "string", "pattern": "^[1-9][0-9]{0,14}$"},
                                "digest": {
                                    "description": "The first 16 hexadecimal digits of the SHA-256 of the payload",
                                    "type": "string",
                                    "pattern": "^[0-9a-f]{16}$",
                                },
                            },
                        },
                    },
                },
            },
        },
    },
    "StoreResults": object_of(
        {
            "results": array_of(
                object_of(
                    {
                        "sequence": TEXT,
                        "id": TEXT,
                        "status": {"enum": ["accepted", "refused"]},
                        "code": TEXT,
                        "detail": TEXT,
                    }
                )
            ),
            "last_sequence": COUNT,
            "server_time": {"type": "string", "format": "date-time"},
            "acknowledged": {
                "description": "State of each acknowledged message of the request; without them it is absent",
                **array_of({"enum": list(till_gaps.AcknowledgedState)}),
            },
        },
        optional=("acknowledged",),
    ),
    "Outcomes": object_of(
        {
            "outcomes": array_of(
                object_of(
                    {
                        "region": TEXT_OR_NULL,
                        "store_id": TEXT_OR_NULL,
                        "number": TEXT_OR_NULL,
                        "till": TEXT_OR_NULL,
                        "sequence": TEXT_OR_NULL,
                        "version": {"type": ["integer", "null"]},
                        "outcome": {"enum": ["counted", "duplicate", "superseded", "quarantined", "discarded"]},
                        "problems": array_of(object_of({"code": TEXT, "message": TEXT, "remedy": TEXT})),
                        "settlement_no": COUNT,
                        "at": {"type": "string", "format": "date-time"},
                    }
                )
            ),
            "next": TEXT,
        }
    ),
    "Ready": object_of(
        {
            "status": {"enum": ["ok", "attention", "down"]},
            "parts": {"type": "object", "additionalProperties": {"enum": ["up", "down"]}},
            "losses": COUNT,
        }
    ),
    "Health": object_of({"status": {"const": "ok"}, "version": TEXT}, open_=True),
    "StoreSale": {
        key: value for key, value in store_sale_schema().items() if key not in {"$schema", "$id", "examples"}
    },
}


def listed(row: dict[str, str]) -> Schema:
    """Response of a list query; columns are optional, as analysts do not get the personal ones."""
    return object_of(
        {
            "columns": array_of({"type": "string", "enum": list(row)}),
            "rows": array_of(object_of({name: KINDS[kind] for name, kind in row.items()}, optional=tuple(row))),
            "as_of": INSTANT,
            "currency": TEXT,
            "unconverted_lines": COUNT,
            "next_cursor": CURSOR,
        }
    )


def one_row(row: dict[str, str]) -> Schema:
    return object_of({name: KINDS[kind] for name, kind in row.items()})
