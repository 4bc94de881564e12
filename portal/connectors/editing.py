"""Change the settings of a connector, and test them before they are saved."""

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
def edit(connector: str) -> ResponseReturnValue:
    return _page(_form(connector))


@allow(Action.ADMINISTER)
def change(connector: str) -> ResponseReturnValue:
    form = _form(connector)
    if not form.validate_on_submit():
        return _page(form), 422
    try:
        records.change(ports(), tillstream().contracts, access(), connector, form.draft(), me().login)
    except Rejected as error:
        form.refuse(str(error))
        return _page(form), 422
    flash(texts.CHANGED, "done")
    return redirect(url_for("connectors.show", connector=connector), 303)


@allow(Action.ADMINISTER)
def test(connector: str) -> ResponseReturnValue:
    """Test the posted settings; nothing is saved."""
    form = _form(connector)
    if not form.validate_on_submit():
        return _page(form), 422
    return _page(form, tested(form.draft()))


def _form(name: str) -> ConnectorForm:
    """Raises `NotFound`."""
    stored = records.get(ports(), name)
    return forms.form_of(table.kind(stored.kind), [one.name for one in scoped.contracts()], stored)


def _page(form: ConnectorForm, result: Tested | None = None) -> str:
    return render_template("connectors/edit.html", form=form, hint=forms.hint, tested=result, texts=texts)
