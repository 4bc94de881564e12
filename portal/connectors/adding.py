"""Add a connector: choose its kind, fill in its settings, and test them before they are saved."""

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from portal.access import allow
from portal.connectors import forms, texts
from portal.connectors.forms import ConnectorForm
from portal.connectors.testing import Tested, access, tested
from portal.context import me, ports, tillstream
from portal.uploads import scoped
from tillstream.connectors import records
from tillstream.connectors.kinds import table
from tillstream.domain.errors import Rejected
from tillstream.domain.people import Action


@allow(Action.ADMINISTER)
def kinds() -> ResponseReturnValue:
    return render_template("connectors/kinds.html", kinds=table.kinds())


@allow(Action.ADMINISTER)
def new(connector_kind: str) -> ResponseReturnValue:
    return _page(_form(connector_kind))


@allow(Action.ADMINISTER)
def add(connector_kind: str) -> ResponseReturnValue:
    form = _form(connector_kind)
    if not form.validate_on_submit():
        return _page(form), 422
    try:
        added = records.add(ports(), tillstream().contracts, access(), form.draft(), me().login)
    except Rejected as error:
        form.refuse(str(error))
        return _page(form), 422
    flash(texts.ADDED, "done")
    return redirect(url_for("connectors.show", connector=added.name), 303)


@allow(Action.ADMINISTER)
def test(connector_kind: str) -> ResponseReturnValue:
    """Test the posted settings; nothing is saved."""
    form = _form(connector_kind)
    if not form.validate_on_submit():
        return _page(form), 422
    return _page(form, tested(form.draft()))


def _form(kind: str) -> ConnectorForm:
    return forms.form_of(table.kind(kind), [one.name for one in scoped.contracts()])


def _page(form: ConnectorForm, result: Tested | None = None) -> str:
    return render_template("connectors/new.html", form=form, hint=forms.hint, tested=result, texts=texts)
