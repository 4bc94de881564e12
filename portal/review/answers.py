"""Answers to held files: what each would change, one for several files at once, and notes for a correction."""

from collections.abc import Callable, Collection

from flask import Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from portal import figures, formats
from portal.access import allow
from portal.change_summary import summarize_change
from portal.context import TemplateContext, me, ports, scope, tillstream
from portal.file_responses import attachment, stream_chunks
from portal.translation import _
from portal.uploads import held_questions, labels, scoped
from portal.uploads.decisions import ask_decision
from portal.urls import go_to
from tillstream.analytics.changes import ChangeReport
from tillstream.model.batch import Batch, BatchState
from tillstream.model.errors import NotFound, Rejected
from tillstream.model.permissions import Action
from tillstream.operations.delegated_decisions import DecisionKind, changes_of
from tillstream.pipeline.staging import expiry
from tillstream.ports.warehouse import Row
from tillstream.receipts import original_rows
from tillstream.receipts import receipt as receipts
from tillstream.receipts.receipt import Receipt
from tillstream.records import batch_originals
from tillstream.review import held_batches
from tillstream.review.held_batches import decide_each
from tillstream.review.settlement_previews import is_confirmation_previewable

AT_ONCE = 100
RECEIPTS = Markup(", ")
SHOWN = 3
"""Rows to fix that are shown as evidence."""


@allow(Action.SEE_UPLOADS)
def download_original(batch_id: str) -> Response:
    """The file as it was received. Raises `NotFound` for batches without one."""
    upload = scoped.visible_batch(batch_id)
    if not upload.is_file:
        raise NotFound(_("There is no file to download."))
    stream = batch_originals.open_whole_original(ports(), upload)

    return attachment(stream_chunks(stream), upload.file, "application/octet-stream")


@allow(Action.UPLOAD)
def add_note(batch_id: str) -> ResponseReturnValue:
    """Leave a note on a held file."""
    upload = scoped.changeable_batch(batch_id)
    held_batches.add_note(ports(), upload.batch_id, request.form.get("note", ""), me().login)
    return go_to("review.decide", _("The note is saved. It is shown to those who review the file."), batch_id=batch_id)


@allow(Action.DECIDE)
def decide_several() -> ResponseReturnValue:
    """Import or discard the chosen files; those that cannot be are named, and stay in the list."""
    chosen = [scoped.changeable_batch(batch_id) for batch_id in dict.fromkeys(request.form.getlist("batch")[:AT_ONCE])]
    if not chosen:
        raise Rejected(_("Select at least one file."))
    match request.form.get("answer"):
        case "import":
            done = decide_each(
                filter(can_import, chosen), lambda one: held_batches.confirm_batch(ports(), one, me().login)
            )
            _report(done.values(), _imported_text)
        case "discard":
            reason = request.form.get("reason", "").strip()[:500]
            held = [one for one in chosen if one.state is BatchState.HELD]
            done = decide_each(held, lambda one: held_batches.reject_batch(ports(), one, me().login, reason))
            _report(done.values(), _discarded_text)
        case _:
            raise Rejected(_("Choose what to do with the files."))
    left = [one for one in chosen if one.batch_id not in done]
    if left:
        names = ", ".join(one.file for one in left)
        flash(
            _("Not changed, because an answer of its own is needed or somebody else was faster: {files}.", files=names),
            "ask",
        )
    return redirect(url_for("review.waiting"), 303)


def can_import(upload: Batch) -> bool:
    """Whether the file can be imported as it is; others first need a data source or a version that reads them."""
    return upload.state is BatchState.HELD and bool(upload.contract) and upload.staged is not None


def _report(files: Collection[Batch], message: Callable[[int, str], str]) -> None:
    if not files:
        return
    links = RECEIPTS.join(
        Markup('<a href="{}">{}</a>').format(url_for("uploads.receipt", batch_id=one.batch_id), one.file)
        for one in files
    )
    flash(Markup(message(len(files), links)), "done")  # noqa: S704 - the names in links are escaped


@allow(Action.SEE_UPLOADS)
def show_answers(batch_id: str) -> ResponseReturnValue:
    """Page of one held file."""
    _, answers = _file(batch_id)
    if answers is None:
        return redirect(url_for("uploads.receipt", batch_id=batch_id), 303)
    return render_template("review/decide.html", **answers)


@allow(Action.SEE_UPLOADS)
def answers_fragment(batch_id: str) -> ResponseReturnValue:
    """The same answers without the page around them, for the list of held files."""
    upload, answers = _file(batch_id)
    if answers is None:
        return render_template("review/decided.html", upload=upload, words=labels.state_of(upload))
    return render_template("review/answers.html", **answers)


def _file(batch_id: str) -> tuple[Batch, TemplateContext | None]:
    """A file and its answers; None if it is not held, or no longer when their effects are computed."""
    upload = scoped.visible_batch(batch_id)
    if upload.state is BatchState.HELD:
        try:
            return upload, _answers(upload)
        except Rejected:
            upload = scoped.visible_batch(batch_id)
            if upload.state is BatchState.HELD:
                raise
    return upload, None


def _answers(upload: Batch) -> TemplateContext:
    as_new = request.args.get("as_new") == "yes"
    is_previewable = is_confirmation_previewable(ports(), tillstream().contracts, upload)
    receipt, changed = _tried(upload, as_new=as_new) if is_previewable else (_receipt(upload), None)
    return {
        "upload": upload,
        "as_new": as_new,
        "alike": len(scoped.held_alike(upload)) if scope().may(Action.DECIDE) else 0,
        "questions": held_questions.link_text(upload),
        "receipt": receipt,
        "can_import": can_import(upload),
        "is_expired": expiry.expired(ports(), upload),
        "may_be_current": changed is not None and receipt is not None and labels.has_superseded(receipt),
        "balance": labels.balance(receipt["rows"]) if receipt else [],
        "changed": summarize_change(changed, tried=True) if changed else None,
        "contracts": scoped.visible_contracts(),
        "needs_contract": labels.may_be_of_another_source(upload),
        "rejected": _rejected(upload),
        "notes": held_batches.notes_of_batch(ports(), upload.batch_id),
        "headers": receipts.batch_headers(ports(), upload) if upload.contract else {},
    }


def _receipt(upload: Batch) -> Receipt | None:
    """The receipt as it is without a preview; None if the file was not read."""
    return receipts.batch_receipt(ports(), upload.batch_id) if can_import(upload) else None


def _rejected(upload: Batch) -> list[Row]:
    """The first rejected rows, as evidence."""
    rows = receipts.rejected_rows(ports(), upload.batch_id, code=None, limit=SHOWN, offset=0)
    return [
        row | {"problems": [problem["message"] for problem in row["problems"]]}
        for row in original_rows.add_raw_text(ports(), upload, rows)
    ]


def _tried(upload: Batch, *, as_new: bool) -> tuple[Receipt, ChangeReport]:
    tried = ask_decision(
        DecisionKind.PREVIEW_CONFIRMATION, batch=upload.batch_id, currency=figures.currency(), as_new=as_new
    )
    return tried["receipt"], changes_of(tried["changes"])


def _imported_text(count: int, links: str) -> str:
    """links: the files by name, separated by commas."""
    return _(
        "{files} being imported: {links}. To undo an import, open the file and choose Undo.",
        files=_files(count),
        links=links,
    )


def _discarded_text(count: int, links: str) -> str:
    kept = _("The originals are kept: to bring one back, open it and reprocess it.")
    return _("{files} discarded: {links}. {kept}", files=_files(count), links=links, kept=kept)


def _files(count: int) -> str:
    return formats.many(count, "file is", "files are")
