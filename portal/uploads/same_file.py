"""Whether the same bytes were uploaded before, and what to do then."""

from flask import jsonify, request, url_for
from flask.typing import ResponseReturnValue

from portal.access import allow
from portal.context import TemplateContext, ports, scope
from portal.translation import N_, _
from portal.uploads import labels, scoped
from portal.uploads.labels import failed_text
from tillstream.model.batch import STATES_IN_LEDGER, Batch, BatchState
from tillstream.model.permissions import Action
from tillstream.records import batch_records
from tillstream.records.batch_registration import digest_of_stream
from tillstream.review.questionnaire import FileOpener

OUTCOMES = N_(
    {
        "held": "It needs review. Review it instead of uploading it again.",
        "rejected": "It was rejected, and none of its rows is imported. Correct the file first, or choose another data "
        "source.",
        "cancelled": "It was cancelled before it was imported, so you can import it again.",
        "undone": "It was undone, so none of its rows counts. If it is right, you can import it again.",
        "replayed": "It was reprocessed, and the newer result counts. If you import it again, its rows are duplicates.",
    }
)
"""State of an earlier file → what it means for the same file now."""


@allow(Action.UPLOAD)
def show_same_file() -> ResponseReturnValue:
    """The newest upload with the hash `sha256`, within the scope of the user; `upload` is null if there is none."""
    earlier = earlier_upload(request.args.get("sha256", ""))
    return jsonify({"upload": _data(earlier) if earlier else None})


def earlier_upload(sha256: str) -> Batch | None:
    """The newest upload of these bytes within the scope of the user."""
    if not sha256:
        return None
    same = (one for one in batch_records.batches_of_content(ports(), sha256) if one.is_file and scoped.covers(one))
    return max(same, key=lambda one: one.received_seq, default=None)


def earlier_of(opened: FileOpener) -> Batch | None:
    """As `earlier_upload`, for a stored file."""
    with opened() as stream:
        return earlier_upload(digest_of_stream(stream))


def advice(upload: Batch) -> str:
    """What a person can do about a file that was uploaded before."""
    if upload.state in STATES_IN_LEDGER | labels.UNDER_WAY:
        return _("If you import it again, its rows are duplicates and nothing counts twice.")
    if upload.state is BatchState.FAILED:
        return failed_text(may_retry=scope().may(Action.ADMINISTER))
    if upload.is_discarded:
        return _(
            "{by}. None of its rows is imported. If it is right after all, you can import it again.",
            by=labels.reason(upload).rstrip("."),
        )
    outcome = OUTCOMES[upload.state.value]
    return (
        _("{outcome} Reason: {reason}", outcome=outcome, reason=upload.error)
        if upload.state is BatchState.REJECTED and upload.error
        else outcome
    )


def _data(upload: Batch) -> TemplateContext:
    return {
        "file": upload.file,
        "received_at": upload.received_at,
        "received_by": upload.received_by,
        "state": labels.state_of(upload).label,
        "advice": advice(upload),
        "url": url_for("uploads.receipt", batch_id=upload.batch_id),
    }
