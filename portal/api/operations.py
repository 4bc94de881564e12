"""Table of API operations: purpose, parameters and responses; queries are described by their catalogue."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from portal.api import schemas
from portal.api.ledger_lists import DEFAULT_ROWS
from portal.api.ledger_lists import MAX_ROWS as LINE_ROWS
from portal.api.pagination import MAX_OFFSET, NUMBERS
from portal.api.queries import LISTS, MAX_ROWS
from portal.api.tills.outcomes import MAX_OUTCOMES
from portal.api.tus import PIECE, VERSION
from portal.api.uploads import MAX_UPLOADS
from tillstream.analytics import catalogue
from tillstream.analytics.catalogue import Parameter
from tillstream.analytics.filters import COLUMNS, CURRENCY
from tillstream.analytics.measures.definition import measures

Json = dict[str, Any]


@dataclass(frozen=True)
class Operation:
    """`answers`: status → description, and schema or its name. `errors`: statuses beside those of `errors_of`."""

    tag: Literal["Numbers", "Lines and changes", "Uploads", "Large files", "Tills", "Running it"]
    summary: str
    answers: Mapping[int, tuple[str, str | dict[str, Any] | None]]
    description: str = ""
    parameters: tuple[Json, ...] = ()
    body: Json | None = None
    right: str = ""
    """Right that a personal token needs; `store` for tills, empty for public calls."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """Response headers: name → description."""
    errors: tuple[int, ...] = ()
    tabular: bool = False
    """Whether the response is also available as CSV and as an Arrow stream."""


def query(name: str, schema: Json, description: str, example: Any = None) -> Json:
    parameter = {"name": name, "in": "query", "schema": schema, "description": description}
    return parameter | ({"example": example} if example is not None else {})


def path(name: str, description: str, schema: Json | None = None) -> Json:
    schema = schema or {"type": "string"}
    return {"name": name, "in": "path", "required": True, "schema": schema, "description": description}


def header(name: str, schema: Json, description: str, *, required: bool = False) -> Json:
    return {"name": name, "in": "header", "required": required, "schema": schema, "description": description}


DAY = {"anyOf": [{"type": "string", "format": "date"}, {"const": ""}]}
"""An empty form field is sent as an empty string, which sets no filter."""
FILTERS = (
    query("from", DAY, "First sale date, such as 2026-06-01"),
    query("to", DAY, "Last sale date"),
    *(
        query(
            name,
            {"type": "array", "items": schemas.STATUS if name == "status" else {"type": "string"}},
            f"Only lines with this {name}; can be repeated",
        )
        for name in COLUMNS
    ),
    query(
        CURRENCY,
        {"type": "string", "pattern": "^([A-Z]{3})?$"},
        "Currency of all amounts, at each day's exchange rate, such as EUR; default: the reporting currency",
    ),
)
IF_NONE_MATCH = header(
    "If-None-Match", {"type": "string"}, "ETag of a previous response; the response is 304 if it is still current"
)


def pages(maximum: int, default: int) -> tuple[Json, Json]:
    return (
        query(
            "limit", {"type": "integer", "minimum": 0, "maximum": maximum, "default": default}, "Maximum number of rows"
        ),
        query("cursor", {"type": "string"}, "`next_cursor` of the previous page"),
    )


OFFSET_ROWS = query(
    "offset",
    {"type": "integer", "minimum": 0, "maximum": MAX_OFFSET, "default": 0},
    "Number of rows to skip, instead of `cursor`",
)
NUMBERS_AS = query(
    "numbers",
    {"type": "string", "enum": list(NUMBERS), "default": NUMBERS[0]},
    "Decimals in JSON: `string` is exact, `number` holds 15 significant digits",
)
TAGGED = {"ETag": "Tag of the response, for If-None-Match"}
PAGED = {"Link": "The next page, if there is one", "X-Total-Count": "Total number of rows, if known"}
NOT_MODIFIED = ("The previous response is still current", None)
_KINDS: dict[str, Json] = {
    "INT64": {"type": "integer", "minimum": 0},
    "STRING": {"type": "string"},
    "DATE": DAY,
    "NUMERIC": {"type": "string"},
}


def _own(one: Parameter) -> Json:
    schema = dict(_KINDS[one.kind]) | ({"enum": list(one.words)} if one.words else {})
    return query(one.name, schema | ({"default": one.default} if one.default else {}), one.description)


def _list(name: str) -> Operation:
    described = catalogue.describe(name)
    default_limit = next(
        (int(one.default or MAX_ROWS) for one in described.parameters if one.name == "limit"), MAX_ROWS
    )
    own = tuple(_own(one) for one in described.parameters if one.name not in {"limit", "offset"})
    personal = " Also requires the right `personal`." if described.needs else ""
    first, _, rest = described.description.partition(". ")
    return Operation(
        "Numbers", first.rstrip("."), {200: ("The list", f"list of {name}"), 304: NOT_MODIFIED},
        f"{rest}{personal}".strip(),
        (*own, *pages(MAX_ROWS, default_limit), OFFSET_ROWS, NUMBERS_AS, *FILTERS, IF_NONE_MATCH),
        right="numbers", headers=TAGGED | PAGED, errors=(409,), tabular=True,
    )  # fmt: skip


SALE = {"$ref": "#/components/schemas/StoreSale"}
MESSAGES = {"$ref": "#/components/schemas/StoreMessages"}
TAKEN, RESULTS = {"$ref": "#/components/schemas/Taken"}, {"$ref": "#/components/schemas/StoreResults"}
BATCH = path("batch_id", "ID of the batch")
SENDING = path("sending_id", "Last segment of the `Location` of the upload")
TUS = header("Tus-Resumable", {"const": VERSION}, "Version of the protocol", required=True)
OFFSET = {"Upload-Offset": "Number of bytes stored", "Tus-Resumable": VERSION}
STRAIGHT = {"Upload-Session": "Address for a direct upload, if it was requested"}
BYTES = {"type": "integer", "minimum": 0, "maximum": 10**18 - 1}
OPERATIONS: dict[str, Operation] = {
    "api.kpis": Operation(
        "Numbers", "Figures of the selected sales as one object",
        {200: ("The figures", "row of kpis"), 304: NOT_MODIFIED},
        catalogue.describe("kpis").description.partition(". ")[2], (NUMBERS_AS, *FILTERS, IF_NONE_MATCH),
        right="numbers", headers=TAGGED, tabular=True,
    ),
    **{f"api.{name}": _list(name) for name in LISTS},
    "api.sale-lines": Operation(
        "Lines and changes", "Sale lines with all their columns, latest day first",
        {200: ("The lines", "list of sale-lines"), 304: NOT_MODIFIED},
        "Pages by cursor stay right while sales arrive: no line is missing or repeated.",
        (*pages(LINE_ROWS, DEFAULT_ROWS), NUMBERS_AS, *FILTERS, IF_NONE_MATCH),
        right="numbers", headers=TAGGED | {"Link": PAGED["Link"]}, tabular=True,
    ),
    "api.changes": Operation(
        "Lines and changes", "Settlements that changed sale lines, newest first",
        {200: ("The settlements", "list of changes"), 304: NOT_MODIFIED},
        "A settlement adds files to the figures: lines added, corrected and removed, and the change of revenue.",
        (
            *pages(LINE_ROWS, DEFAULT_ROWS), NUMBERS_AS,
            query("after", {"type": "integer", "minimum": 0, "maximum": 2**63 - 1}, "Only settlements after this one"),
            query("since", DAY, "Only settlements of this day (UTC) or later"), IF_NONE_MATCH,
        ),
        right="numbers", headers=TAGGED | {"Link": PAGED["Link"]}, tabular=True,
    ),
    "measures.definitions": Operation(
        "Numbers", "Definitions of the measures, and the dimensions they can be grouped by",
        {200: ("The definitions", "Measures")}, right="numbers",
    ),
    "measures.explanation_data": Operation(
        "Numbers", "Explain a figure: its definition, its uploads, and what is missing from it",
        {200: ("The figure", {"type": "object"})},
        parameters=(
            path("figure", "Name of the figure", {"type": "string", "enum": list(measures())}),
            query("page", {"type": "integer", "minimum": 1, "maximum": 10**6, "default": 1}, "Page of the uploads"),
            *FILTERS,
        ),
        right="numbers",
    ),
    "api.data_refresh": Operation(
        "Running it", "Clear cached responses and resume interrupted work", {202: ("Done", "Refreshed")},
        right="pipeline",
    ),
    "api.uploads": Operation(
        "Uploads", "Uploads of your regions, newest first", {200: ("The uploads", "Uploads")},
        parameters=(
            *pages(MAX_UPLOADS, 50), OFFSET_ROWS,
            query("state", {"type": "string", "enum": [*schemas.STATES, ""]}, "Only uploads in this state"),
        ),
        right="uploads", headers={"Link": PAGED["Link"]},
    ),
    "api.upload": Operation(
        "Uploads", "One upload and its state", {200: ("The upload", "Upload")},
        parameters=(BATCH,), right="uploads",
    ),
    "api.receipt": Operation(
        "Uploads", "Receipt of an upload: rows by outcome, problems, amounts", {200: ("The receipt", "Receipt")},
        "read = new + corrected + duplicate + quarantined + blank + ignored; null until it is known.",
        parameters=(BATCH,), right="uploads",
    ),
    "api.begin_sending": Operation(
        "Large files", "Start the upload of a file in parts",
        {201: ("Started; `Location` is the address of the upload", "Sending")},
        "The tus protocol, 1.0, with creation, termination, checksum and expiration.",
        parameters=(
            TUS,
            header("Upload-Length", BYTES, "Size of the whole file in bytes", required=True),
            header(
                "Upload-Metadata", {"type": "string"},
                "`filename` and `contract`, each with its value in base64, separated by commas; `straight` requests a "
                "direct upload to the object store",
            ),
        ),
        right="upload", headers=OFFSET | STRAIGHT | {"Location": "Address for the parts"}, errors=(413,),
    ),
    "api.sending": Operation(
        "Large files", "Number of bytes of the file stored so far", {200: ("The upload in progress", "Sending")},
        parameters=(SENDING, TUS), right="upload", headers=OFFSET | STRAIGHT,
    ),
    "api.send_piece": Operation(
        "Large files", "Send the next part of the file", {204: ("Stored; the last part completes the upload", None)},
        parameters=(
            SENDING, TUS, header("Upload-Offset", BYTES, "Offset of the part", required=True),
            header("Upload-Checksum", {"type": "string"}, "`sha256` and the digest of the part in base64"),
        ),
        body={"required": True, "content": {PIECE: {"schema": {"type": "string", "format": "binary"}}}},
        right="upload", headers=OFFSET, errors=(409, 415, 460),
    ),
    "api.cancel_sending": Operation(
        "Large files", "Cancel the upload and delete its parts", {204: ("Forgotten", None)},
        parameters=(SENDING, TUS), right="upload",
    ),
    "api.sales": Operation(
        "Tills", "Submit one complete sale of a store, or many messages",
        {202: ("Stored; sending the same again changes nothing", {"anyOf": [TAKEN, RESULTS]})},
        "Requires the token of the store, which an administrator creates under Stores' tills. Messages have a result "
        "each, in their order. The body may be compressed with gzip; unpacked, it has at most 4 MB.",
        body={"required": True, "content": {"application/json": {"schema": {"anyOf": [SALE, MESSAGES]}}}},
        right="store",
    ),
    "api.outcomes": Operation(
        "Tills", "List the outcomes of stored sales",
        {200: ("The outcomes after `since`, in the order of settlements", "Outcomes")},
        "Requires the token of the store, or a session that may enter sales. A changed outcome is listed again.",
        (query("since", {"type": "string"}, "`next` of the last response; empty: from the first sale on"),
         query("limit", {"type": "integer", "minimum": 0, "maximum": MAX_OUTCOMES}, "Maximum number of outcomes")),
        errors=(403,), right="store",
    ),
    "health.ready": Operation(
        "Running it", "Check whether all dependencies of the portal work",
        {200: ("Ready", "Ready"), 503: ("Not ready; `parts` lists what is unavailable", "Ready")},
    ),
    "api.healthz": Operation("Running it", "Check whether the portal is running", {200: ("Ready", "Health")}),
}  # fmt: skip
