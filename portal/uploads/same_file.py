"""Texts of a preview, and whether the same bytes were uploaded before."""

from typing import Any

from flask import jsonify, request, url_for
from flask.typing import ResponseReturnValue

from portal.access import allow
from portal.context import ports, scope
from portal.uploads import labels, scoped
from tillstream.model.batch import STATES_IN_LEDGER, Batch, BatchState
from tillstream.model.people import Action
from tillstream.records import batch_records
from tillstream.records.batch_registration import digest_of_stream
from tillstream.review.questionnaire import FileOpener

SEVERAL_FIT = "It may be a file of several of your data sources. Choose one in its preview."
DUPLICATES = "If you import it again, its rows are duplicates and nothing counts twice."
EARLIER = {
    "held": "It needs review. Review it instead of uploading it again.",
    "rejected": "It was rejected, and none of its rows is imported. Correct the file first, or choose another data "
    "source.",
    "cancelled": "It was cancelled before it was imported, so you can import it again.",
    "undone": "It was undone, so none of its rows counts. If it is right, you can import it again.",
    "replayed": "It was reprocessed, and the newer result counts. If you import it again, its rows are duplicates.",
}
"""State of an earlier upload of the same file → what happened to it, and what to do."""


def looks_like(source: str) -> str:
    return f"It looks like a file of {source}. Nothing is imported until you confirm it."


def none_fits(open_questions: int) -> str:
    if not open_questions:
        return "None of your data sources fits it: a new one is proposed."
    count = "one question is" if open_questions == 1 else f"{open_questions} questions are"
    return f"None of your data sources fits it: {count} open."


def source_exists(source: str) -> str:
    return f"The data source {source} already exists. Choose another name."


def source_saved(source: str) -> str:
    return f"The data source {source} is saved. This file and later files like it are read with it."


def source_proposed(source: str) -> str:
    return f"The data source {source} is proposed. The file is imported when an administrator accepts it."


def received_text(file: str) -> str:
    return f"{file} is received. It is listed here in a few seconds."


def failed_text(*, may_retry: bool) -> str:
    who = "Retry it under Pipeline" if may_retry else "An administrator can retry it"
    return f"It failed, and nothing is lost. {who}; do not upload it again."


def discarded_text(by: str) -> str:
    """by: who discarded it, as a sentence without its full stop."""
    return f"{by}. None of its rows is imported. If it is right after all, you can import it again."


def outcome_with_reason(outcome: str, reason: str) -> str:
    return f"{outcome} Reason: {reason}"


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
        return DUPLICATES
    if upload.state is BatchState.FAILED:
        return failed_text(may_retry=scope().may(Action.ADMINISTER))
    if upload.is_discarded:
        return discarded_text(labels.reason(upload).rstrip("."))
    outcome = EARLIER[upload.state.value]
    return (
        outcome_with_reason(outcome, upload.error) if upload.state is BatchState.REJECTED and upload.error else outcome
    )


def _data(upload: Batch) -> dict[str, Any]:
    return {
        "file": upload.file,
        "received_at": upload.received_at,
        "received_by": upload.received_by,
        "state": labels.state_of(upload).label,
        "advice": advice(upload),
        "url": url_for("uploads.receipt", batch_id=upload.batch_id),
    }
