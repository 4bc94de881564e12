"""Add a connector or change one: fill in the settings of its kind, and test them before they are saved."""

from collections.abc import Callable

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
from tillstream.connectors.state import Connector, ConnectorDraft
from tillstream.model.errors import Rejected
from tillstream.model.people import Action

NEW, EDIT = "connectors/new.html", "connectors/edit.html"


@allow(Action.ADMINISTER)
def kinds() -> ResponseReturnValue:
    return render_template("connectors/kinds.html", kinds=table.all_kinds())


@allow(Action.ADMINISTER)
def new(connector_kind: str) -> ResponseReturnValue:
    return _page(NEW, _empty(connector_kind))


@allow(Action.ADMINISTER)
def edit(connector: str) -> ResponseReturnValue:
    return _page(EDIT, _stored(connector))


@allow(Action.ADMINISTER)
def add(connector_kind: str) -> ResponseReturnValue:
    def save(draft: ConnectorDraft) -> Connector:
        return records.add_connector(ports(), tillstream().contracts, access(), draft, me().login)

    return _save(NEW, _empty(connector_kind), save, texts.ADDED)


@allow(Action.ADMINISTER)
def change(connector: str) -> ResponseReturnValue:
    def save(draft: ConnectorDraft) -> Connector:
        return records.change_connector(ports(), tillstream().contracts, access(), connector, draft, me().login)

    return _save(EDIT, _stored(connector), save, texts.CHANGED)


@allow(Action.ADMINISTER)
def test_new(connector_kind: str) -> ResponseReturnValue:
    return _test(NEW, _empty(connector_kind))


@allow(Action.ADMINISTER)
def test_change(connector: str) -> ResponseReturnValue:
    return _test(EDIT, _stored(connector))


def _save(
    page: str, form: ConnectorForm, save: Callable[[ConnectorDraft], Connector], message: str
) -> ResponseReturnValue:
    if not form.validate_on_submit():
        return _page(page, form), 422
    try:
        saved = save(form.draft())
    except Rejected as error:
        form.refuse(str(error))
        return _page(page, form), 422
    flash(message, "done")
    return redirect(url_for("connectors.show", connector=saved.name), 303)


def _test(page: str, form: ConnectorForm) -> ResponseReturnValue:
    """Test the posted settings; nothing is saved."""
    if not form.validate_on_submit():
        return _page(page, form), 422
    return _page(page, form, tested(form.draft()))


def _empty(kind: str) -> ConnectorForm:
    """Raises `NotFound`."""
    return forms.form_of(table.find_kind(kind), [one.name for one in scoped.contracts()])


def _stored(name: str) -> ConnectorForm:
    """Raises `NotFound`."""
    stored = records.get_connector(ports(), name)
    return forms.form_of(table.find_kind(stored.kind), [one.name for one in scoped.contracts()], stored)


def _page(page: str, form: ConnectorForm, result: Tested | None = None) -> str:
    return render_template(page, form=form, hint=forms.hint, tested=result, texts=texts)
