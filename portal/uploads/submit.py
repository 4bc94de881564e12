"""Submission of files: uploads, previews, corrected rows and replays."""

from collections.abc import Mapping
from typing import Any, BinaryIO, cast

from flask import Response, abort, flash, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import FileStorage

from portal.access import allow
from portal.context import me, ports, scope, stores, tillstream
from portal.uploads import scoped, without_preview
from portal.uploads.decide import side_by_side
from portal.uploads.decisions import ask
from portal.uploads.preview_content import keep
from portal.uploads.texts import actions as texts
from portal.uploads.texts import states
from tillstream.intake import inbox
from tillstream.model.errors import Rejected
from tillstream.model.people import Action
from tillstream.operations.delegated_decisions import DecisionKind
from tillstream.records import batch_records
from tillstream.review import correction_submission as correction_submit
from tillstream.review import replay


@allow(Action.UPLOAD)
def submit() -> ResponseReturnValue:
    """Receive one or several files. A program reads JSON; on the page, a data source can require a preview."""
    name = request.form.get("contract", "")
    if not _script() and not (name and without_preview.is_set(name)):
        return _keep(previewed=False)
    contract = scoped.contract(name)
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
    flash(texts.received(len(received)), "done")
    return redirect(url_for("uploads.listing"), 303)


@allow(Action.UPLOAD)
def submit_for_preview() -> ResponseReturnValue:
    """Store files for a preview; nothing of them is imported."""
    return _keep(previewed=True)


def _keep(*, previewed: bool) -> ResponseReturnValue:
    """Store files. previewed: also those of a data source that imports without a preview."""
    requested = request.form.get("contract", "")
    contract = scoped.contract(requested).name if requested else ""
    kept = [keep(name, stream, _size(stream), contract) for name, stream in _files()]
    if not previewed:
        kept = [without_preview.import_recognised(one) for one in kept]
    imported = [one for one in kept if one.batch_id]
    for one in imported:
        flash(without_preview.sentence(one), "done")
    if len(kept) == 1:
        return redirect(
            _receipt(kept[0].batch_id) if imported else url_for("uploads.preview", sending_id=kept[0].id), 303
        )
    if len(kept) > len(imported):
        flash(texts.ready_to_preview(len(kept) - len(imported)), "done")
    return redirect(url_for("uploads.listing"), 303)


def _size(stream: BinaryIO) -> int:
    size = stream.seek(0, 2)
    stream.seek(0)
    return size


@allow(Action.UPLOAD)
def cancel(batch_id: str) -> ResponseReturnValue:
    upload = batch_records.cancel_batch(ports(), scoped.changeable(batch_id).batch_id, me().login)
    flash(texts.cancelled(upload.file), "done")
    return redirect(_receipt(batch_id), 303)


@allow(Action.UPLOAD)
def fix_rows(batch_id: str) -> ResponseReturnValue:
    """Receive the downloaded rows of an upload, corrected."""
    scoped.changeable(batch_id)
    ((name, stream),) = _files(most=1)
    correction_submit.submit_correction(ports(), batch_id, name, stream, me().login, stores=stores())
    flash(texts.FIXES_RECEIVED, "done")
    return redirect(_receipt(batch_id), 303)


@allow(Action.UPLOAD)
def replay_preview(batch_id: str) -> ResponseReturnValue:
    """Preview of what reprocessing the file would change."""
    upload = scoped.own(batch_id)
    name = request.args.get("contract", "")
    if name:
        scoped.contract(name)
    received = _received(request.args)
    comparison = ask(DecisionKind.PREVIEW_REPLAY, batch=batch_id, contract=name or None, received=received)
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


def _parts(before: dict[str, Any], after: dict[str, Any]) -> list[dict[str, Any]]:
    outcomes = (("read", "read", ""), *states.OUTCOMES)
    return [{"label": label, "before": before[name], "after": after[name]} for name, label, _ in outcomes]


def _amounts(before: list[dict[str, Any]], after: list[dict[str, Any]]) -> list[dict[str, Any]]:
    sides = [{one["currency"]: one["net"] for one in side} for side in (before, after)]
    return [
        {"currency": currency, "before": sides[0].get(currency), "after": sides[1].get(currency)}
        for currency in sorted({*sides[0], *sides[1]})
    ]


@allow(Action.UPLOAD)
def replay_batch(batch_id: str) -> ResponseReturnValue:
    """Read the original file again, with the current contract or another one."""
    scoped.changeable(batch_id, with_corrections=True)
    name = request.form.get("contract", "")
    if name:
        scoped.contract(name)
    app = tillstream()
    received = _received(request.form)
    by = me().login
    upload = replay.replay_batch(
        app.ports, app.contracts, batch_id, name or None, by, stores=stores(), received=received
    )
    flash(texts.REPROCESSED, "done")
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
        raise Rejected(texts.NO_FILE)
    if most and len(chosen) > most:
        raise Rejected(texts.SEVERAL_FILES)
    return [(str(one.filename), cast("BinaryIO", one.stream)) for one in chosen]


def _script() -> bool:
    return request.accept_mimetypes.best_match(["text/html", "application/json"]) == "application/json"


def _receipt(batch_id: str) -> str:
    return url_for("uploads.receipt", batch_id=batch_id)
