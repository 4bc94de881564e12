"""The uploads area's preview of a file before it is loaded: how it is understood, by what, and what would happen."""

from functools import partial

from flask import flash, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from portal.access import allow
from portal.context import me, ports, scope, tillstream
from portal.uploads import preview_content, preview_text, questions, scoped
from tillstream.domain.errors import Rejected
from tillstream.domain.people import Action
from tillstream.domain.resumable_upload import Sending
from tillstream.workflows.intake import complete_upload, resumable_upload
from tillstream.workflows.onboarding import questionnaire


@allow(Action.UPLOAD)
def show(sending_id: str) -> ResponseReturnValue:
    """By the contract that the address says, else the one that was chosen, else the only one that fits."""
    known = resumable_upload.get(ports(), sending_id, me().login)
    if known.batch_id:
        return redirect(url_for("uploads.receipt", batch_id=known.batch_id), 303)
    if known.waits:
        known = complete_upload.finish(
            ports(), tillstream().book, sending_id, me().login
        )  # a crash may have come between
    opened = partial(complete_upload.opened, ports(), known)
    contracts = scoped.contracts()
    looked, unreadable = preview_content.sample(opened)
    fits = questionnaire.fits(looked, contracts) if looked else []
    chosen = request.args.get("contract", "") or preview_content.chosen(known, looked, fits)
    asking_ = (
        questions.about(known.file, opened, known.answers) if chosen == preview_content.NEW and not unreadable else None
    )
    contract = (asking_.contract if asking_ else None) if chosen == preview_content.NEW else scoped.contract(chosen)
    seen = (
        preview_content.by_contract(known, contract, tried=bool(request.args.get("try")))
        if contract
        else preview_content.so_far(known, asking_)
    )
    return render_template(
        "uploads/preview.html",
        known=known,
        fits=fits,
        fit=next((one for one in fits if one.contract.name == chosen), None),
        chosen=chosen,
        unreadable=unreadable,
        asked=asking_,
        seen=seen,
        later=known.size > preview_content.AT_ONCE,
        say=preview_text,
        **preview_content.in_words(seen),
    )


@allow(Action.UPLOAD)
def told(sending_id: str) -> ResponseReturnValue:
    """One sentence on a file that waits to be looked at, for the page that gave it."""
    known = resumable_upload.get(ports(), sending_id, me().login)
    opened = partial(complete_upload.opened, ports(), known)
    looked, unreadable = preview_content.sample(opened)
    if looked is None:
        return jsonify({"says": unreadable})
    chosen = preview_content.chosen(known, looked, questionnaire.fits(looked, scoped.contracts()))
    if chosen != preview_content.NEW:
        return jsonify({"says": f"It looks like a file of {chosen}. Nothing of it counts until you load it."})
    count = len(questionnaire.ask(opened, questions.name_of(known.file), known.answers, ()).questions)
    words_ = "one question is open" if count == 1 else f"{count} questions are open"
    return jsonify({"says": f"No contract of yours reads it yet: {words_ if count else 'a new one is proposed'}."})


@allow(Action.UPLOAD)
def answer(sending_id: str) -> ResponseReturnValue:
    """Keep what was answered; the proposal is made anew from it."""
    known = resumable_upload.get(ports(), sending_id, me().login)
    opened = partial(complete_upload.opened, ports(), known)
    found = questionnaire.ask(opened, questions.name_of(known.file), known.answers, ())
    questions.keep(known.id, questions.given(known.answers, questions.so_far(found)))
    return redirect(url_for("uploads.preview", sending_id=known.id, contract=preview_content.NEW), 303)


@allow(Action.UPLOAD)
def load(sending_id: str) -> ResponseReturnValue:
    contract = scoped.contract(request.form.get("contract", ""))
    return _loaded(complete_upload.load(ports(), tillstream().book, sending_id, me().login, contract.name))


@allow(Action.UPLOAD)
def save(sending_id: str) -> ResponseReturnValue:
    """Keep the answers as a contract and load the file by it; who may not save contracts proposes it."""
    known = resumable_upload.get(ports(), sending_id, me().login)
    contract = questions.contract_of(known.file, partial(complete_upload.opened, ports(), known), known.answers)
    book = tillstream().book
    if scope().may(Action.ADMINISTER):
        if contract.name in book.names():
            raise Rejected(f"There is a contract {contract.name} already; give the new one another name.")
        saved = book.save(contract, me().login)
        loaded = complete_upload.load(ports(), book, sending_id, me().login, saved.name)
        flash(f"The contract {saved.name} is saved. It reads this file now, and later ones like it.", "done")
    else:
        if not scope().covers_region(contract.region):
            raise Rejected(f"{contract.region} is not one of your regions.")
        changes = questions.changes(known.answers)
        loaded = complete_upload.propose(ports(), book, sending_id, me().login, contract, changes)
        said = f"Your answers are kept as the contract {contract.name}"
        flash(f"{said}. An administrator accepts it, then the file is read.", "done")
    return _loaded(loaded)


def _loaded(known: Sending) -> ResponseReturnValue:
    if known.batch_id:
        return redirect(url_for("uploads.receipt", batch_id=known.batch_id), 303)
    flash(f"{known.file} is taken in; it is listed here in a moment.", "done")
    return redirect(url_for("uploads.listing"), 303)


@allow(Action.UPLOAD)
def forget(sending_id: str) -> ResponseReturnValue:
    known = resumable_upload.get(ports(), sending_id, me().login)
    resumable_upload.cancel(ports(), known.id, me().login)
    flash(f"{known.file} is not loaded; nothing of it is kept.", "done")
    return redirect(url_for("uploads.listing"), 303)
