"""The uploads area's questions about a file that waits: answered here, it goes on."""

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from portal.access import allow
from portal.context import me, ports, scope, tillstream
from portal.uploads import preview_text, questions, scoped
from tillstream.contracts.registry import contract_version
from tillstream.domain.batch import State, Upload
from tillstream.domain.contract.model import Contract
from tillstream.domain.errors import Rejected
from tillstream.domain.people import Action
from tillstream.workflows.onboarding import held_batch, proposals
from tillstream.workflows.review import decisions
from tillstream.workflows.review.file_preview import Understood, understood


@allow(Action.UPLOAD)
def show(batch_id: str) -> ResponseReturnValue:
    """What is open about the file, with its own values; what it becomes by the answers."""
    upload = scoped.own(batch_id)
    if not _waits(upload):
        return redirect(url_for("uploads.receipt", batch_id=batch_id), 303)
    said = held_batch.answers(ports(), batch_id)
    name = questions.name_of(upload.file)
    found, differs = held_batch.ask(ports(), tillstream().book, upload, name, said)
    opened = held_batch.opened(ports(), upload)
    pairs = held_batch.all_questions(ports(), tillstream().book, upload, name, said, found)
    posed = questions.posed(opened, found, pairs, name)
    return render_template(
        "uploads/held_questions.html",
        upload=upload,
        asked=posed,
        differs=differs,
        rows=_rows(upload, found.contract or found.so_far or _own(upload)),
        say=preview_text,
    )


@allow(Action.UPLOAD)
def answer(batch_id: str) -> ResponseReturnValue:
    upload = _waiting(batch_id)
    before = held_batch.answers(ports(), batch_id)
    found, _ = held_batch.ask(ports(), tillstream().book, upload, questions.name_of(upload.file), before)
    said = questions.given(before, {} if upload.contract else questions.so_far(found))
    held_batch.keep(ports(), batch_id, said, me().login)
    return redirect(url_for("uploads.questions", batch_id=batch_id), 303)


@allow(Action.UPLOAD)
def save(batch_id: str) -> ResponseReturnValue:
    """Save the contract that the answers make and read the file by it; who may not save contracts proposes it."""
    upload, book = _waiting(batch_id), tillstream().book
    said = held_batch.answers(ports(), batch_id)
    found, differs = held_batch.ask(ports(), book, upload, questions.name_of(upload.file), said)
    contract = questions.named(found) if not upload.contract else found.contract
    if contract is None:
        raise Rejected("Nothing is proposed yet: answer what is open first.")
    if not scope().covers_region(contract.region):
        raise Rejected(f"{contract.region} is not one of your regions.")
    proposals.put_forward(ports(), batch_id, contract, [*differs, *questions.changes(said)], me().login)
    if scope().may(Action.ADMINISTER):
        read = decisions.accept(ports(), book, batch_id, me().login)
        flash(f"Version {read.contract_version} of {read.contract} is saved; {upload.file} is read by it now.", "done")
    else:
        flash(f"Your answers are kept. An administrator accepts them, then {upload.file} is read.", "done")
    return redirect(url_for("uploads.receipt", batch_id=batch_id), 303)


def _waiting(batch_id: str) -> Upload:
    upload = scoped.own(batch_id)
    if not _waits(upload):
        raise Rejected(f"{upload.file} does not wait for answers.")
    return upload


def _waits(upload: Upload) -> bool:
    return upload.state is State.HELD and upload.kind in scoped.FILES


def _own(upload: Upload) -> Contract | None:
    """What reads the file as long as nothing better is proposed."""
    return contract_version(ports().documents, upload.contract, upload.contract_version) if upload.contract else None


def _rows(upload: Upload, contract: Contract | None) -> Understood | None:
    if contract is None:
        return None
    try:
        received = ports().clock.now().date()
        return understood(held_batch.opened(ports(), upload), contract, received, ports().limits)
    except Rejected:
        return None
