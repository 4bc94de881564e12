"""Questions of the sync on its page: entries that this home and the head office have both changed."""

from dataclasses import dataclass

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from portal.access import allow
from portal.catalogue.field_changes import FieldChange, changes_of
from portal.context import me, ports
from portal.pipeline import texts
from tillstream.model.errors import Rejected
from tillstream.model.people import Action
from tillstream.sync.reference import questions
from tillstream.sync.reference.questions import Question
from tillstream.sync.reference.words import subject

MOST = 50
"""Questions that the page shows."""


@dataclass(frozen=True)
class ShownQuestion:
    """fields: what differs; before: in this home, after: at the head office."""

    question: Question
    subject: str
    fields: list[FieldChange]


def shown() -> list[ShownQuestion]:
    """The first open questions."""
    return [ShownQuestion(one, subject(one), _fields(one)) for one in questions.every(ports())[:MOST]]


def _fields(question: Question) -> list[FieldChange]:
    here, there = question.here or {}, question.there or {}
    before = {name: here.get(name, "") for name in question.fields}
    return list(changes_of(before, {name: there.get(name, "") for name in question.fields}))


@allow(Action.ADMINISTER)
def decide() -> ResponseReturnValue:
    keep = request.form.get("keep", "")
    if keep not in questions.BOTH:
        raise Rejected(texts.NOTHING_CHOSEN)
    ids = request.form.getlist("question") or [one.id for one in questions.every(ports())]
    flash(texts.questions_decided(questions.decide(ports(), ids, keep, me().login)), "done")
    return redirect(url_for("pipeline.sync"), 303)
