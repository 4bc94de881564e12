"""The API area's shapes of answers, as JSON Schema: the components of the OpenAPI document."""

from typing import Any

from tillstream.domain.batch import State
from tillstream.domain.columns import STATUSES
from tillstream.domain.store_sale import schema as sale_schema

Schema = dict[str, Any]

DECIMAL: Schema = {"type": ["string", "null"], "pattern": r"^-?\d+(\.\d+)?$", "examples": ["1234.5"]}
INSTANT: Schema = {"type": ["string", "null"], "format": "date-time"}
DAY: Schema = {"type": ["string", "null"], "format": "date"}
COUNT: Schema = {"type": "integer", "minimum": 0}
TEXT: Schema = {"type": "string"}
KINDS: dict[str, Schema] = {
    "decimal": DECIMAL,
    "int64": {"type": ["integer", "null"]},
    "date": DAY,
    "timestamp": INSTANT,
    "string": {"type": ["string", "null"]},
    "bool": {"type": ["boolean", "null"]},
    "double": {"type": ["number", "null"]},
}
"""kind of a query's column → what it is in an answer."""


def thing(properties: dict[str, Schema], *, optional: tuple[str, ...] = (), open_: bool = False) -> Schema:
    """An object; of its properties all are there but the optional ones."""
    required = [name for name in properties if name not in optional]
    found: Schema = {"type": "object", "properties": properties, "additionalProperties": open_}
    return found | ({"required": required} if required else {})


def several(items: Schema) -> Schema:
    return {"type": "array", "items": items}


def listed(row: dict[str, str]) -> Schema:
    """A list of a query with these columns; an analyst's misses the personal ones."""
    return thing(
        {
            "columns": several({"type": "string", "enum": list(row)}),
            "rows": several(thing({name: KINDS[kind] for name, kind in row.items()}, optional=tuple(row))),
            "as_of": INSTANT,
            "currency": TEXT,
            "unconverted_lines": COUNT,
        }
    )


def one_row(row: dict[str, str]) -> Schema:
    return thing({name: KINDS[kind] for name, kind in row.items()})


MAYBE_COUNT: Schema = {"type": ["integer", "null"], "minimum": 0}
ROWS = ("read", "new", "corrected", "duplicate", "quarantined", "blank", "ignored")
STATES = [state.value for state in State]
SCHEMAS: dict[str, Schema] = {
    "Problem": thing(
        {
            "type": {"type": "string", "const": "about:blank"},
            "title": TEXT,
            "status": {"type": "integer", "minimum": 400, "maximum": 599},
            "detail": TEXT,
            "instance": {"type": "string", "description": "Of a fault of ours: what to tell an administrator"},
            "problems": several(TEXT),
        },
        optional=("instance", "problems"),
    ),
    "Upload": thing(
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
    "Receipt": thing(
        {
            "batch_id": TEXT,
            "status": {"type": "string", "enum": STATES},
            "region": TEXT,
            "contract": TEXT,
            "contract_version": COUNT,
            "file": TEXT,
            "holds": several(thing({"code": TEXT, "message": TEXT})),
            "rows": thing(dict.fromkeys(ROWS, MAYBE_COUNT)),
            "problems": several(
                thing(
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
            "amounts": several(thing({"currency": TEXT, "net": DECIMAL, "gross": DECIMAL})),
            "removed": MAYBE_COUNT,
        },
        open_=True,
    ),
    "Sending": thing(
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
    "Uploads": thing({"uploads": several({"$ref": "#/components/schemas/Upload"}), "limit": COUNT, "offset": COUNT}),
    "Refreshed": thing({"status": {"const": "accepted"}, "swept": {"type": "object"}}),
    "Taken": thing({"id": TEXT, "status": {"const": "accepted"}}),
    "Ready": thing(
        {
            "status": {"enum": ["ok", "down"]},
            "parts": {"type": "object", "additionalProperties": {"enum": ["up", "down"]}},
        }
    ),
    "Health": thing({"status": {"const": "ok"}, "version": TEXT}, open_=True),
    "StoreSale": {key: value for key, value in sale_schema().items() if key not in {"$schema", "$id", "examples"}},
}
STATUS: Schema = {"type": "string", "enum": [*STATUSES, ""]}
