"""Submission of files: uploads, with and without a preview, corrected rows and replays."""

from collections.abc import Mapping
from functools import partial
from typing import BinaryIO, cast

from flask import Response, abort, flash, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import FileStorage

from portal.access import allow
from portal.context import TemplateContext, me, ports, scope, stores, tillstream
from portal.translation import _
from portal.uploads import labels, preview_content, scoped
from portal.uploads.decisions import ask_decision, side_by_side
from portal.uploads.preview_content import store_sent_file
from portal.urls import go_to
from tillstream.contracts import source_settings
from tillstream.intake import inbox, resumable_upload, upload_completion
from tillstream.model.errors import Rejected
from tillstream.model.permissions import Action
from tillstream.model.uploads import ResumableUpload
from tillstream.operations.delegated_decisions import DecisionKind
from tillstream.records import batch_records
from tillstream.review import contract_choice, replay
from tillstream.review.correction_submission import submit_correction


@allow(Action.UPLOAD)
def recognise_file(sending_id: str) -> ResponseReturnValue:
    """Import a file that was sent for a preview, if it needs none; `url` is its receipt, else its preview."""
    upload = resumable_upload.get_upload(ports(), sending_id, me().login)
    imported = import_recognised(upload)
    if imported.batch_id:
        flash(imported_at_once_text(imported), "done")
        return jsonify({"batch_id": imported.batch_id, "url": url_for("uploads.receipt", batch_id=imported.batch_id)})
    return jsonify({"batch_id": "", "url": url_for("uploads.preview", sending_id=upload.id)})


def import_recognised(upload: ResumableUpload) -> ResumableUpload:
    """The upload, imported if its data source is certain and imports without a preview."""
    name = upload.contract or _recognised(upload)
    if not name or not imports_without_preview(name):
        return upload
    return upload_completion.ingest_previewed(
        ports(), tillstream().contracts, upload.id, upload.by, scoped.visible_contract(name).name
    )


def imports_without_preview(name: str) -> bool:
    """Whether the files of a data source are imported without a preview."""
    return source_settings.import_setting_of_source(ports(), name).without_preview


def imported_at_once_text(upload: ResumableUpload) -> str:
    return _(
        "{file} is a file of {source}, whose files are imported without a preview.",
        file=upload.file,
        source=upload.contract,
    )


def _recognised(upload: ResumableUpload) -> str:
    """Name of the only data source that fits the file without doubts; empty if there is none."""
    file_sample, _ = preview_content.sample_of_file(partial(upload_completion.open_complete_upload, ports(), upload))
    if file_sample is None:
        return ""
    choice = contract_choice.contract_candidates(
        file_sample, contract_choice.rank_contracts(file_sample, scoped.visible_contracts()), upload.file
    )
    likely = next((one for one in choice.candidates if one.contract.name == choice.likely), None)
    return choice.likely if likely and likely.fits and not likely.doubts else ""


@allow(Action.UPLOAD)
def submit_files() -> ResponseReturnValue:
    """Receive one or several files. A program reads JSON; on the page, a data source can require a preview."""
    name = request.form.get("contract", "")
    if not _script() and not (name and imports_without_preview(name)):
        return _store_sent_files(previewed=False)
    contract = scoped.visible_contract(name)
    files = _files()
    received = [
        inbox.receive_file(ports(), contract, name, stream, me().login, stores=stores()) for name, stream in files
    ]
    if _script():
        summaries = [
            {"batch_id": one.batch_id, "file": one.file, "state": one.state.value, "url": _receipt(one.batch_id)}
            for one in received
        ]
        answer: Response = jsonify({"uploads": summaries})
        return answer, 201
    if len(received) == 1:
        return redirect(_receipt(received[0].batch_id), 303)
    return go_to(
        "uploads.listing", _("{count} files are received. Reading starts in a few seconds.", count=len(received))
    )


@allow(Action.UPLOAD)
def submit_for_preview() -> ResponseReturnValue:
    """Store files for a preview; nothing of them is imported."""
    return _store_sent_files(previewed=True)


def _store_sent_files(*, previewed: bool) -> ResponseReturnValue:
    """Store files. previewed: also those of a data source that imports without a preview."""
    requested = request.form.get("contract", "")
    contract = scoped.visible_contract(requested).name if requested else ""
    kept = [store_sent_file(name, stream, _size(stream), contract) for name, stream in _files()]
    if not previewed:
        kept = [import_recognised(one) for one in kept]
    imported = [one for one in kept if one.batch_id]
    for one in imported:
        flash(imported_at_once_text(one), "done")
    if len(kept) == 1:
        return redirect(
            _receipt(kept[0].batch_id) if imported else url_for("uploads.preview", sending_id=kept[0].id), 303
        )
    if len(kept) > len(imported):
        flash(_("{count} files are ready to preview.", count=len(kept) - len(imported)), "done")
    return redirect(url_for("uploads.listing"), 303)


def _size(stream: BinaryIO) -> int:
    size = stream.seek(0, 2)
    stream.seek(0)
    return size


@allow(Action.UPLOAD)
def cancel_upload(batch_id: str) -> ResponseReturnValue:
    upload = batch_records.cancel_batch(ports(), scoped.changeable_batch(batch_id).batch_id, me().login)
    flash(_("{file} is cancelled. None of its rows is imported.", file=upload.file), "done")
    return redirect(_receipt(batch_id), 303)


@allow(Action.UPLOAD)
def fix_rows(batch_id: str) -> ResponseReturnValue:
    """Receive the downloaded rows of an upload, corrected."""
    scoped.changeable_batch(batch_id)
    ((name, stream),) = _files(most=1)
    submit_correction(ports(), batch_id, name, stream, me().login, stores=stores())
    flash(_("Your fixes are received. They are read in a few seconds."), "done")
    return redirect(_receipt(batch_id), 303)


@allow(Action.UPLOAD)
def replay_preview(batch_id: str) -> ResponseReturnValue:
    """Preview of what reprocessing the file would change."""
    upload = scoped.visible_batch(batch_id)
    name = request.args.get("contract", "")
    if name:
        scoped.visible_contract(name)
    received = _received(request.args)
    comparison = ask_decision(DecisionKind.PREVIEW_REPLAY, batch=batch_id, contract=name or None, received=received)
    return render_template(
        "uploads/replay.html",
        upload=upload,
        comparison=comparison,
        contract=name,
        received=received,
        parts=_parts(comparison["before"]["rows"], comparison["after"]["rows"]),
        amounts=_amounts(comparison["before"]["amounts"], comparison["after"]["amounts"]),
        totals=side_by_side(comparison["totals"]),
    )


def _parts(before: TemplateContext, after: TemplateContext) -> list[TemplateContext]:
    outcomes = (("read", "read", ""), *labels.OUTCOMES)
    return [{"label": label, "before": before[name], "after": after[name]} for name, label, _ in outcomes]


def _amounts(before: list[TemplateContext], after: list[TemplateContext]) -> list[TemplateContext]:
    sides = [{one["currency"]: one["net"] for one in side} for side in (before, after)]
    return [
        {"currency": currency, "before": sides[0].get(currency), "after": sides[1].get(currency)}
        for currency in sorted({*sides[0], *sides[1]})
    ]


@allow(Action.UPLOAD)
def replay_batch(batch_id: str) -> ResponseReturnValue:
    """Read the original file again, with the current contract or another one."""
    scoped.changeable_batch(batch_id, with_corrections=True)
    name = request.form.get("contract", "")
    if name:
        scoped.visible_contract(name)
    app = tillstream()
    received = _received(request.form)
    by = me().login
    upload = replay.replay_batch(
        app.ports, app.contracts, batch_id, name or None, by, stores=stores(), received=received
    )
    flash(_("The file is being reprocessed. The new result replaces the old one when it is imported."), "done")
    return redirect(_receipt(upload.batch_id), 303)


def _received(values: Mapping[str, str]) -> str:
    """The time of receipt in a form, which decides whose values count; empty: as the batch has it."""
    received = values.get("received", "")
    if received and not scope().may(Action.DECIDE):
        abort(403)
    return received


def _files(most: int | None = None) -> list[tuple[str, BinaryIO]]:
    chosen: list[FileStorage] = [one for one in request.files.getlist("file") if one.filename]
    if not chosen:
        raise Rejected(_("Choose a file first."))
    if most and len(chosen) > most:
        raise Rejected(_("Choose one file."))
    return [(str(one.filename), cast("BinaryIO", one.stream)) for one in chosen]


def _script() -> bool:
    return request.accept_mimetypes.best_match(["text/html", "application/json"]) == "application/json"


def _receipt(batch_id: str) -> str:
    return url_for("uploads.receipt", batch_id=batch_id)
