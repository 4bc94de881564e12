"""Table of API operations: purpose, parameters and responses; queries are described by their catalogue."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from portal.api import schemas
from portal.api.pagination import MAX_OFFSET
from portal.api.queries import LISTS, MAX_ROWS
from portal.api.tus import PIECE, VERSION
from portal.api.uploads import MAX_UPLOADS
from tillstream.analytics import catalogue
from tillstream.analytics.catalogue import Parameter
from tillstream.analytics.filters import COLUMNS
from tillstream.analytics.metrics import METRICS

Json = dict[str, Any]


@dataclass(frozen=True)
class Operation:
    """`answers`: status → description, and schema or its name. Error responses are added to every operation."""

    tag: Literal["Numbers", "Uploads", "Large files", "Tills", "Running it"]
    summary: str
    answers: Mapping[int, tuple[str, str | dict[str, Any] | None]]
    description: str = ""
    parameters: tuple[Json, ...] = ()
    body: Json | None = None
    right: str = ""
    """Right that a personal token needs; `store` for tills, empty for public calls."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """Response headers: name → description."""


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
    query("from", DAY, "The first sale date that counts, such as 2026-06-01"),
    query("to", DAY, "The last sale date that counts"),
    *(
        query(
            name,
            {"type": "array", "items": schemas.STATUS if name == "status" else {"type": "string"}},
            f"Only lines of this {name}; repeat it for several",
        )
        for name in COLUMNS
    ),
)
IF_NONE_MATCH = header("If-None-Match", {"type": "string"}, "The ETag of an answer kept: 304 where it still stands")


def pages(maximum: int, default: int) -> tuple[Json, Json]:
    return (
        query("limit", {"type": "integer", "minimum": 0, "maximum": maximum, "default": default}, "At most so many"),
        query(
            "offset", {"type": "integer", "minimum": 0, "maximum": MAX_OFFSET, "default": 0}, "Leave out so many first"
        ),
    )


TAGGED = {"ETag": "Tag of the answer; send it back as If-None-Match"}
PAGED = {"Link": "The next page, where there is one", "X-Total-Count": "How many there are, where that is known"}
NOT_MODIFIED = ("What you have still stands", None)
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
    personal = " Needs the right `personal`, too." if described.needs else ""
    first, _, rest = described.description.partition(". ")
    return Operation(
        "Numbers", first.rstrip("."), {200: ("The list", f"list of {name}"), 304: NOT_MODIFIED},
        f"{rest}{personal}".strip(), (*own, *pages(MAX_ROWS, default_limit), *FILTERS, IF_NONE_MATCH),
        right="numbers", headers=TAGGED | PAGED,
    )  # fmt: skip


SALE = {"$ref": "#/components/schemas/StoreSale"}
BATCH = path("batch_id", "The id of the batch")
SENDING = path("sending_id", "What `Location` ended with when the file was begun")
TUS = header("Tus-Resumable", {"const": VERSION}, "The version of the protocol", required=True)
OFFSET = {"Upload-Offset": "How many bytes are kept", "Tus-Resumable": VERSION}
STRAIGHT = {"Upload-Session": "Where a page that asked for it sends the bytes itself"}
BYTES = {"type": "integer", "minimum": 0, "maximum": 10**18 - 1}
OPERATIONS: dict[str, Operation] = {
    "api.kpis": Operation(
        "Numbers", "The numbers of the chosen sales as one object",
        {200: ("The numbers", "row of kpis"), 304: NOT_MODIFIED},
        catalogue.describe("kpis").description.partition(". ")[2], (*FILTERS, IF_NONE_MATCH),
        right="numbers", headers=TAGGED,
    ),
    **{f"api.{name}": _list(name) for name in LISTS},
    "metric_explanation.told": Operation(
        "Numbers", "Why a figure is what it is: definition, the uploads in it, and what is missing from it",
        {200: ("The figure", {"type": "object"})},
        parameters=(
            path("figure", "The figure's name", {"type": "string", "enum": list(METRICS)}),
            query("page", {"type": "integer", "minimum": 1, "maximum": 10**6, "default": 1}, "Page of its uploads"),
            *FILTERS,
        ),
        right="numbers",
    ),
    "api.data_refresh": Operation(
        "Running it", "Forget kept answers and drive on what stopped", {202: ("It is done", "Refreshed")},
        right="pipeline",
    ),
    "api.uploads": Operation(
        "Uploads", "The uploads of your regions, the newest first", {200: ("The uploads", "Uploads")},
        parameters=(
            *pages(MAX_UPLOADS, 50),
            query("state", {"type": "string", "enum": [*schemas.STATES, ""]}, "Only uploads in this state"),
        ),
        right="uploads", headers={"Link": PAGED["Link"]},
    ),
    "api.upload": Operation(
        "Uploads", "One upload: what was received, and how far it is", {200: ("The upload", "Upload")},
        parameters=(BATCH,), right="uploads",
    ),
    "api.receipt": Operation(
        "Uploads", "The account of an upload: rows by outcome, problems, amounts", {200: ("The receipt", "Receipt")},
        "read = new + corrected + duplicate + quarantined + blank + ignored; null as long as it is not known.",
        parameters=(BATCH,), right="uploads",
    ),
    "api.begin_sending": Operation(
        "Large files", "Begin a file that comes piece by piece", {201: ("Begun; `Location` is its place", "Sending")},
        "The tus protocol, 1.0, with creation, termination, checksum and expiration.",
        parameters=(
            TUS,
            header("Upload-Length", BYTES, "Bytes of the whole file", required=True),
            header(
                "Upload-Metadata", {"type": "string"},
                "`filename` and `contract`, each with its value in base64, joined by commas; a page that can send the "
                "bytes into the store itself adds `straight`",
            ),
        ),
        right="upload", headers=OFFSET | STRAIGHT | {"Location": "Where the pieces go"},
    ),
    "api.sending": Operation(
        "Large files", "How much of the file is kept", {200: ("The file under way", "Sending")},
        parameters=(SENDING, TUS), right="upload", headers=OFFSET | STRAIGHT,
    ),
    "api.send_piece": Operation(
        "Large files", "The next piece", {204: ("Kept; with the last piece the file is an upload", None)},
        parameters=(
            SENDING, TUS, header("Upload-Offset", BYTES, "Where the piece begins", required=True),
            header("Upload-Checksum", {"type": "string"}, "`sha256` and the piece's digest in base64"),
        ),
        body={"required": True, "content": {PIECE: {"schema": {"type": "string", "format": "binary"}}}},
        right="upload", headers=OFFSET,
    ),
    "api.cancel_sending": Operation(
        "Large files", "Forget the file and what came of it", {204: ("Forgotten", None)},
        parameters=(SENDING, TUS), right="upload",
    ),
    "api.sales": Operation(
        "Tills", "One whole sale of a store", {202: ("Kept; the same sale again changes nothing", "Taken")},
        "Behind the store's own token, which an administrator makes under People, Store tokens.",
        body={"required": True, "content": {"application/json": {"schema": SALE}}},
        right="store",
    ),
    "health.ready": Operation(
        "Running it", "Whether everything that the portal depends on works",
        {200: ("It does", "Ready"), 503: ("It does not; `parts` says what is down", "Ready")},
    ),
    "api.healthz": Operation("Running it", "Whether the portal lives", {200: ("It does", "Health")}),
}  # fmt: skip
