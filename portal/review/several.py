"""One answer for several held files at once."""

from collections.abc import Callable, Collection

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from portal.access import allow
from portal.context import me, ports
from portal.review import texts
from portal.uploads import scoped
from tillstream.model.batch import Batch, BatchState
from tillstream.model.errors import Rejected
from tillstream.model.people import Action
from tillstream.review import held_batches
from tillstream.review.held_batches import decide_each

AT_ONCE = 100
RECEIPTS = Markup(", ")


@allow(Action.DECIDE)
def decide() -> ResponseReturnValue:
    """Import or discard the chosen files; those that cannot be are named, and stay in the list."""
    chosen = [scoped.changeable(batch_id) for batch_id in dict.fromkeys(request.form.getlist("batch")[:AT_ONCE])]
    if not chosen:
        raise Rejected(texts.NONE_SELECTED)
    match request.form.get("answer"):
        case "import":
            done = decide_each(
                filter(can_import, chosen), lambda one: held_batches.confirm_batch(ports(), one, me().login)
            )
            _report(done.values(), texts.importing)
        case "discard":
            reason = request.form.get("reason", "").strip()[:500]
            held = [one for one in chosen if one.state is BatchState.HELD]
            done = decide_each(held, lambda one: held_batches.reject_batch(ports(), one, me().login, reason))
            _report(done.values(), texts.discarded)
        case _:
            raise Rejected(texts.NO_ANSWER)
    left = [one for one in chosen if one.batch_id not in done]
    if left:
        names = ", ".join(one.file for one in left)
        flash(texts.not_changed(names), "ask")
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
