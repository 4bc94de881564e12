"""The sale lines area's way back: the line of the file, or the store's message, that a sale line came from."""

import json

from flask import render_template
from flask.typing import ResponseReturnValue

from portal.access import allow
from portal.context import ports
from portal.uploads import scoped
from tillstream.batches import records
from tillstream.domain.people import Action
from tillstream.receipts.source_line import around


@allow(Action.SEE_UPLOADS)
def show(batch_id: str, line: int) -> ResponseReturnValue:
    """One line of a kept original with its neighbours, as its source wrote it."""
    upload = scoped.own(batch_id)
    found = around(ports(), upload, line)
    return render_template(
        "sale_lines/file_line.html",
        upload=upload,
        found=found,
        line=line,
        whole=records.get(ports(), upload.parent) if upload.kind == "correction" else upload,
        message=_message(found.row.raw) if upload.kind == "messages" else "",
    )


def _message(text: str) -> str:
    """A till's message as people read one; as it is where it cannot be read."""
    try:
        return json.dumps(json.loads(text), indent=2, ensure_ascii=False)
    except ValueError:
        return text
