"""Uploads for programs: their records and receipts, and resumable uploads by the tus protocol 1.0.

Supports creation, termination, checksum and expiration; an interrupted client requests the offset and resumes. If the
object store accepts direct uploads, `Upload-Session` is their address, for clients that request it (`straight`).
"""

import base64
import binascii
from email.utils import format_datetime
from itertools import dropwhile, islice
from typing import BinaryIO, cast

from flask import Response, jsonify, request
from flask.typing import ResponseReturnValue

from portal.access import allow
from portal.api import pagination, texts
from portal.context import me, ports, stores, tillstream
from portal.uploads import scoped
from portal.urls import api_link
from tillstream.intake import resumable_upload, upload_completion
from tillstream.model.batch import Batch, BatchState
from tillstream.model.document_json import JsonObject
from tillstream.model.errors import Rejected
from tillstream.model.permissions import Action
from tillstream.model.uploads import ResumableUpload
from tillstream.receipts import receipt as receipts

TUS_VERSION = "1.0.0"
ALGORITHMS = ("sha256", "sha1", "md5")
PIECE = "application/offset+octet-stream"

EXTENSIONS = "creation,termination,checksum,expiration"

MAX_UPLOADS = 500
FIELDS = (
    "batch_id", "kind", "file", "size", "sha256", "contract", "contract_version", "region",
    "received_at", "received_by", "state_at", "error", "parent",
)  # fmt: skip


class NotOurVersion(Rejected):
    """The client uses another version of the protocol."""


class NotAPiece(Rejected):
    """The content type of the body is not that of a file piece."""


class BodyTooLarge(Rejected):
    """The announced size of the file exceeds the limit."""


def check_version() -> None:
    version = request.headers.get("Tus-Resumable", TUS_VERSION)
    if version != TUS_VERSION:
        raise NotOurVersion(texts.other_version(TUS_VERSION, version))


def number_header(header: str) -> int:
    text = request.headers.get(header, "")
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise Rejected(texts.no_bytes(header))
    return int(text)


def metadata_header() -> dict[str, str]:
    """Decode `Upload-Metadata`, such as `filename bmFtZQ==,contract SU4=`. Raises `Rejected`."""
    values: dict[str, str] = {}
    for pair in request.headers.get("Upload-Metadata", "").split(","):
        key, _, value = pair.strip().partition(" ")
        if key:
            try:
                values[key] = base64.b64decode(value.strip(), validate=True).decode()
            except (binascii.Error, UnicodeDecodeError) as error:
                raise Rejected(texts.metadata_not_base64(key)) from error
    return values


def checksum_header() -> tuple[str, bytes] | None:
    value = request.headers.get("Upload-Checksum")
    if not value:
        return None
    algorithm, _, digest = value.partition(" ")
    if algorithm not in ALGORITHMS:
        raise Rejected(texts.no_checksum(ALGORITHMS))
    try:
        return algorithm, base64.b64decode(digest, validate=True)
    except binascii.Error as error:
        raise Rejected(texts.CHECKSUM_NOT_BASE64) from error


@allow(Action.UPLOAD)
def begin_upload_in_parts() -> ResponseReturnValue:
    """Start the upload of a file in parts (tus 1.0): `Upload-Length`, `Upload-Metadata`; `Location` is its address."""
    if request.method == "OPTIONS":
        return _with_headers(
            Response(status=204), {"Tus-Version": TUS_VERSION, "Tus-Extension": EXTENSIONS} | _limits()
        )
    check_version()
    size, upload_metadata = number_header("Upload-Length"), metadata_header()
    if size > _max_size():
        raise BodyTooLarge(texts.too_large(_max_size() >> 20))
    look = upload_metadata.get("look", "") in {"yes", "true", "1"}
    contract = upload_metadata.get("contract", "")
    if contract or not look:
        contract = scoped.visible_contract(contract).name
    upload = resumable_upload.begin_upload(
        ports(),
        me().login,
        upload_metadata.get("filename") or upload_metadata.get("name") or "",
        size,
        contract=contract,
        look=look,
        sha256=upload_metadata.get("sha256", ""),
        mark=upload_metadata.get("mark", ""),
        origin=request.headers.get("Origin", "") if upload_metadata.get("straight") else "",
        stores=stores(),
    )
    if upload.whole:
        upload = upload_completion.finish_upload(ports(), tillstream().contracts, upload.id, upload.by)
    return _with_headers(
        _as_json(upload, 201), _upload_headers(upload) | {"Location": api_link("api.sending", sending_id=upload.id)}
    )


@allow(Action.UPLOAD)
def state_of_upload_in_parts(sending_id: str) -> ResponseReturnValue:
    """Number of bytes stored (`Upload-Offset`); for a complete file, `batch_id` is the ID of the upload."""
    check_version()
    upload = resumable_upload.get_upload(ports(), sending_id, me().login)
    return _with_headers(_as_json(upload, 200), _upload_headers(upload))


@allow(Action.UPLOAD)
def append_piece(sending_id: str) -> ResponseReturnValue:
    """Send the next part, starting at `Upload-Offset`; `Upload-Checksum` is verified before the part is stored.

    An empty part returns the state of a completely sent file, including one that was sent directly to the object store.
    """
    check_version()
    if request.mimetype != PIECE:
        raise NotAPiece(texts.no_piece(PIECE))
    offset, stream = number_header("Upload-Offset"), cast("BinaryIO", request.stream)
    upload = resumable_upload.get_upload(ports(), sending_id, me().login)
    if not upload.session or request.content_length:
        upload = resumable_upload.append_piece(ports(), sending_id, me().login, offset, stream, checksum_header())
    if upload.whole or upload.session:
        upload = upload_completion.finish_upload(ports(), tillstream().contracts, upload.id, upload.by)
    return _with_headers(Response(status=204), _upload_headers(upload))


@allow(Action.UPLOAD)
def cancel_upload_in_parts(sending_id: str) -> ResponseReturnValue:
    """Cancel the upload and delete its parts."""
    check_version()
    resumable_upload.cancel_upload(ports(), sending_id, me().login)
    return _with_headers(Response(status=204), {})


def _with_headers(response: Response, headers: dict[str, str]) -> Response:
    response.headers.extend({"Tus-Resumable": TUS_VERSION, "Cache-Control": "no-store"} | headers)
    return response


def _limits() -> dict[str, str]:
    return {"Tus-Max-Size": str(_max_size()), "Tus-Checksum-Algorithm": ",".join(ALGORITHMS)}


def _max_size() -> int:
    return tillstream().settings.upload_limit_mb << 20


def _upload_headers(upload: ResumableUpload) -> dict[str, str]:
    headers = {"Upload-Offset": str(upload.offset), "Upload-Length": str(upload.size)}
    if upload.batch_id:
        headers["Upload-Batch"] = upload.batch_id
    else:
        if upload.session:
            headers["Upload-Session"] = upload.session
        expires = upload_completion.upload_expires_at(ports(), upload)
        headers["Upload-Expires"] = format_datetime(expires, usegmt=True)
    return headers


def _as_json(upload: ResumableUpload, status: int) -> Response:
    names = ("id", "file", "size", "offset", "contract", "look", "sha256", "mark", "begun_at", "batch_id")
    body = {name: getattr(upload, name) for name in names}
    body["upload"] = api_link("api.upload", batch_id=upload.batch_id) if upload.batch_id else None
    response = jsonify(body)
    response.status_code = status
    return response


@allow(Action.SEE_UPLOADS)
def list_uploads() -> ResponseReturnValue:
    """Uploads, newest first; parameters: `limit` (up to 500), `cursor`, `offset`, `state`."""
    args = pagination.only_arguments(request.args, "limit", "offset", "cursor", "state")
    page = pagination.pop_page(args, 50, MAX_UPLOADS)
    newest = scoped.newest_batches(state=_state(args.get("state")))
    if page.cursor:
        (last,) = pagination.decode_cursor("uploads", page.cursor, int)
        newest = dropwhile(lambda upload: upload.received_seq >= last, newest)
    window = list(islice(newest, page.offset, page.offset + page.limit + 1))
    shown = window[: page.limit]
    more = len(window) > page.limit > 0
    following = pagination.encode_cursor("uploads", shown[-1].received_seq) if more else None
    body = {"uploads": [_record(upload) for upload in shown], "limit": page.limit, "offset": page.offset}
    answer: Response = jsonify(body | {"next_cursor": following})
    return page.linked(answer, following)


@allow(Action.SEE_UPLOADS)
def show_upload(batch_id: str) -> ResponseReturnValue:
    """One upload and its state."""
    return jsonify(_record(scoped.visible_batch(batch_id)))


@allow(Action.SEE_UPLOADS)
def show_receipt(batch_id: str) -> ResponseReturnValue:
    """Receipt of an upload: rows by outcome, problems, amounts."""
    return jsonify(receipts.batch_receipt(ports(), scoped.visible_batch(batch_id).batch_id))


def _state(text: str | None) -> BatchState | None:
    try:
        return BatchState(text) if text else None
    except ValueError as error:
        raise Rejected(texts.no_state(str(text), BatchState)) from error


def _record(upload: Batch) -> JsonObject:
    record: JsonObject = {name: getattr(upload, name) for name in FIELDS}
    record["state"] = upload.state.value
    record["receipt"] = api_link("api.receipt", batch_id=upload.batch_id)
    return record
