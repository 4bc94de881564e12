"""Resumable uploads of large files by the tus protocol 1.0.

Supports creation, termination, checksum and expiration; an interrupted client requests the offset and resumes. If the
object store accepts direct uploads, `Upload-Session` is their address, for clients that request it (`straight`).
"""

from email.utils import format_datetime
from typing import BinaryIO, cast

from flask import Response, jsonify, request
from flask.typing import ResponseReturnValue

from portal.access import allow
from portal.api import texts
from portal.api.paths import link
from portal.api.tus import ALGORITHMS, PIECE, VERSION, NotAPiece, TooLarge, check_version, checksum, metadata, number
from portal.context import me, ports, stores, tillstream
from portal.uploads import scoped
from tillstream.intake import resumable_upload, upload_completion
from tillstream.model.people import Action
from tillstream.model.uploads import ResumableUpload

EXTENSIONS = "creation,termination,checksum,expiration"


@allow(Action.UPLOAD)
def begin() -> ResponseReturnValue:
    """Start the upload of a file in parts (tus 1.0): `Upload-Length`, `Upload-Metadata`; `Location` is its address."""
    if request.method == "OPTIONS":
        return _with_headers(Response(status=204), {"Tus-Version": VERSION, "Tus-Extension": EXTENSIONS} | _limits())
    check_version()
    size, upload_metadata = number("Upload-Length"), metadata()
    if size > _max_size():
        raise TooLarge(texts.too_large(_max_size() >> 20))
    look = upload_metadata.get("look", "") in {"yes", "true", "1"}
    contract = upload_metadata.get("contract", "")
    if contract or not look:
        contract = scoped.contract(contract).name
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
        _as_json(upload, 201), _upload_headers(upload) | {"Location": link("api.sending", sending_id=upload.id)}
    )


@allow(Action.UPLOAD)
def one(sending_id: str) -> ResponseReturnValue:
    """Number of bytes stored (`Upload-Offset`); for a complete file, `batch_id` is the ID of the upload."""
    check_version()
    upload = resumable_upload.get_upload(ports(), sending_id, me().login)
    return _with_headers(_as_json(upload, 200), _upload_headers(upload))


@allow(Action.UPLOAD)
def append(sending_id: str) -> ResponseReturnValue:
    """Send the next part, starting at `Upload-Offset`; `Upload-Checksum` is verified before the part is stored.

    An empty part returns the state of a completely sent file, including one that was sent directly to the object store.
    """
    check_version()
    if request.mimetype != PIECE:
        raise NotAPiece(texts.no_piece(PIECE))
    offset, stream = number("Upload-Offset"), cast("BinaryIO", request.stream)
    upload = resumable_upload.get_upload(ports(), sending_id, me().login)
    if not upload.session or request.content_length:
        upload = resumable_upload.append_piece(ports(), sending_id, me().login, offset, stream, checksum())
    if upload.whole or upload.session:
        upload = upload_completion.finish_upload(ports(), tillstream().contracts, upload.id, upload.by)
    return _with_headers(Response(status=204), _upload_headers(upload))


@allow(Action.UPLOAD)
def cancel(sending_id: str) -> ResponseReturnValue:
    """Cancel the upload and delete its parts."""
    check_version()
    resumable_upload.cancel_upload(ports(), sending_id, me().login)
    return _with_headers(Response(status=204), {})


def _with_headers(response: Response, headers: dict[str, str]) -> Response:
    response.headers.extend({"Tus-Resumable": VERSION, "Cache-Control": "no-store"} | headers)
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
    body["upload"] = link("api.upload", batch_id=upload.batch_id) if upload.batch_id else None
    response = jsonify(body)
    response.status_code = status
    return response
