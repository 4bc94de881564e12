"""Operations about uploads, large files, tills, and the running portal."""

from portal.api import schemas
from portal.api.operations.operation import (
    OFFSET_ROWS,
    PAGED,
    Operation,
    header,
    pages,
    path,
    query,
)
from portal.api.store_sales import MAX_OUTCOMES
from portal.api.uploads import MAX_UPLOADS, PIECE, TUS_VERSION

SALE = {"$ref": "#/components/schemas/StoreSale"}
MESSAGES = {"$ref": "#/components/schemas/StoreMessages"}
TAKEN, RESULTS = {"$ref": "#/components/schemas/Taken"}, {"$ref": "#/components/schemas/StoreResults"}
BATCH = path("batch_id", "ID of the batch")
SENDING = path("sending_id", "Last segment of the `Location` of the upload")
TUS = header("Tus-Resumable", {"const": TUS_VERSION}, "Version of the protocol", required=True)
OFFSET = {"Upload-Offset": "Number of bytes stored", "Tus-Resumable": TUS_VERSION}
STRAIGHT = {"Upload-Session": "Address for a direct upload, if it was requested"}
BYTES = {"type": "integer", "minimum": 0, "maximum": 10**18 - 1}
OPERATIONS: dict[str, Operation] = {
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
        "each, in their order. A till can list what was acknowledged before, and gets the state of each: it sends "
        "again what is missing. The body may be compressed with gzip; unpacked, it has at most 4 MB.",
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
        "Without a token, the answer can be that of the last minute. `attention`: there are losses that nobody has "
        "dealt with.", errors=(429,),
    ),
    "api.healthz": Operation("Running it", "Check whether the portal is running", {200: ("Ready", "Health")}),
}  # fmt: skip
