"""A held file that must be corrected: its original, and notes for those who review it."""

from collections.abc import Iterator

from flask import Response, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from portal.access import allow
from portal.context import me, ports
from portal.review import texts
from portal.uploads import scoped
from tillstream.model.errors import NotFound
from tillstream.model.people import Action
from tillstream.records import batch_originals
from tillstream.review import held_batches

CHUNK = 1 << 20


@allow(Action.SEE_UPLOADS)
def original(batch_id: str) -> Response:
    """The file as it was received. Raises `NotFound` for batches without one."""
    upload = scoped.own(batch_id)
    if not upload.is_file:
        raise NotFound(texts.NO_FILE)
    stream = batch_originals.open_whole_original(ports(), upload)

    def chunks() -> Iterator[bytes]:
        with stream:
            while data := stream.read(CHUNK):
                yield data

    response = Response(chunks(), mimetype="application/octet-stream")
    response.headers.set("Content-Disposition", "attachment", filename=upload.file)
    return response


@allow(Action.UPLOAD)
def add_note(batch_id: str) -> ResponseReturnValue:
    """Leave a note on a held file."""
    upload = scoped.changeable(batch_id)
    held_batches.add_note(ports(), upload.batch_id, request.form.get("note", ""), me().login)
    flash(texts.NOTED, "done")
    return redirect(url_for("review.decide", batch_id=batch_id), 303)
