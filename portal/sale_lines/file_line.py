"""Source of a sale line: the line of the file, or the message of the store."""

import json

from flask import render_template
from flask.typing import ResponseReturnValue

from portal.access import allow
from portal.context import ports
from portal.uploads import scoped
from tillstream.model.batch import BatchKind
from tillstream.model.people import Action
from tillstream.receipts.source_line import find_row
from tillstream.records import batch_records


@allow(Action.SEE_UPLOADS)
def show(batch_id: str, line: int) -> ResponseReturnValue:
    """One line of the original file with its neighbours, unparsed."""
    upload = scoped.own(batch_id)
    source = find_row(ports(), upload, line)
    return render_template(
        "sale_lines/file_line.html",
        upload=upload,
        source=source,
        line=line,
        whole=batch_records.get_batch(ports(), upload.parent) if upload.kind is BatchKind.CORRECTION else upload,
        message=_message(source.row.raw) if upload.kind is BatchKind.STORE_SALES else "",
    )


def _message(text: str) -> str:
    """Message of a till as indented JSON; unchanged if it is not JSON."""
    try:
        return json.dumps(json.loads(text), indent=2, ensure_ascii=False)
    except ValueError:
        return text
