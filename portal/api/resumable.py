"""The API area's door for large files: they come piece by piece by the tus protocol, 1.0.

Creation, termination, checksum and expiration; a client that breaks off asks for the offset and goes on. Where the
store takes bytes itself, `Upload-Session` tells a browser that asked for it (`straight`) where to send them.
"""

from datetime import datetime
from email.utils import format_datetime
from typing import BinaryIO, cast

from flask import Response, jsonify, request, url_for
from flask.typing import ResponseReturnValue

from portal.access import allow
from portal.api.tus import ALGORITHMS, PIECE, VERSION, NotAPiece, TooLarge, check_version, checksum, metadata, number
from portal.context import me, ports, tillstream
from portal.uploads import scoped
from tillstream.domain.people import Action
from tillstream.domain.resumable_upload import Sending
from tillstream.workflows.intake import complete_upload, resumable_upload

EXTENSIONS = "creation,termination,checksum,expiration"


@allow(Action.UPLOAD)
def begin() -> ResponseReturnValue:
    """Begin a file that comes piece by piece (tus 1.0): `Upload-Length`, `Upload-Metadata`; `Location` is its place."""
    if request.method == "OPTIONS":
        return _told(Response(status=204), {"Tus-Version": VERSION, "Tus-Extension": EXTENSIONS} | _limits())
    check_version()
    size, said = number("Upload-Length"), metadata()
    if size > _most():
        raise TooLarge(f"At most {_most() >> 20:,} MB are taken. Split the file, or compress it with gzip.")
    look = said.get("look", "") in {"yes", "true", "1"}
    contract = said.get("contract", "")
    if contract or not look:
        contract = scoped.contract(contract).name
    found = resumable_upload.begin(
        ports(),
        me().login,
        said.get("filename") or said.get("name") or "",
        size,
        contract=contract,
        look=look,
        sha256=said.get("sha256", ""),
        mark=said.get("mark", ""),
        origin=request.headers.get("Origin", "") if said.get("straight") else "",
    )
    if found.whole:
        found = complete_upload.finish(ports(), tillstream().book, found.id, found.by)
    return _told(_as_json(found, 201), _facts(found) | {"Location": url_for("api.sending", sending_id=found.id)})


@allow(Action.UPLOAD)
def one(sending_id: str) -> ResponseReturnValue:
    """How much of the file is kept (`Upload-Offset`); once it is whole, `batch_id` names the upload that it became."""
    check_version()
    found = resumable_upload.get(ports(), sending_id, me().login)
    return _told(_as_json(found, 200), _facts(found))


@allow(Action.UPLOAD)
def append(sending_id: str) -> ResponseReturnValue:
    """The next piece, from `Upload-Offset` on; with `Upload-Checksum` it is compared before it is kept.

    An empty one asks what becomes of a file whose bytes are there, also of one that went straight into the store.
    """
    check_version()
    if request.mimetype != PIECE:
        raise NotAPiece(f"Send the piece as {PIECE}.")
    offset, stream = number("Upload-Offset"), cast("BinaryIO", request.stream)
    found = resumable_upload.get(ports(), sending_id, me().login)
    if not found.session or request.content_length:
        found = resumable_upload.append(ports(), sending_id, me().login, offset, stream, checksum())
    if found.whole or found.session:
        found = complete_upload.finish(ports(), tillstream().book, found.id, found.by)
    return _told(Response(status=204), _facts(found))


@allow(Action.UPLOAD)
def cancel(sending_id: str) -> ResponseReturnValue:
    """Forget the file and the bytes that came of it."""
    check_version()
    resumable_upload.cancel(ports(), sending_id, me().login)
    return _told(Response(status=204), {})


def _told(response: Response, headers: dict[str, str]) -> Response:
    response.headers.extend({"Tus-Resumable": VERSION, "Cache-Control": "no-store"} | headers)
    return response


def _limits() -> dict[str, str]:
    return {"Tus-Max-Size": str(_most()), "Tus-Checksum-Algorithm": ",".join(ALGORITHMS)}


def _most() -> int:
    return tillstream().settings.upload_limit_mb << 20


def _facts(found: Sending) -> dict[str, str]:
    facts = {"Upload-Offset": str(found.offset), "Upload-Length": str(found.size)}
    if found.batch_id:
        facts["Upload-Batch"] = found.batch_id
    else:
        if found.session:
            facts["Upload-Session"] = found.session
        facts["Upload-Expires"] = format_datetime(
            datetime.fromisoformat(found.touched_at) + complete_upload.KEPT, usegmt=True
        )
    return facts


def _as_json(found: Sending, status: int) -> Response:
    names = ("id", "file", "size", "offset", "contract", "look", "sha256", "mark", "begun_at", "batch_id")
    told = {name: getattr(found, name) for name in names}
    told["upload"] = url_for("api.upload", batch_id=found.batch_id) if found.batch_id else None
    response = jsonify(told)
    response.status_code = status
    return response
