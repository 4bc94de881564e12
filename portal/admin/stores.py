"""Store tokens, with which tills send the sales of their store."""

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_wtf import FlaskForm
from wtforms import SelectField, StringField
from wtforms.validators import InputRequired, Length

from portal.access import allow
from portal.admin import texts
from portal.context import me, ports, tillstream
from portal.filters.values import remaining
from tillstream.domain.errors import Unavailable
from tillstream.domain.people import Action
from tillstream.people import store_tokens


class NewToken(FlaskForm):
    region = SelectField(texts.REGION, [InputRequired(texts.NO_REGION)])
    store_id = StringField(
        texts.STORE, [InputRequired(texts.NO_STORE), Length(max=60)], render_kw={"list": "known-stores"}
    )
    label = StringField(texts.TILL, [Length(max=100)])


def _form() -> NewToken:
    form, contracts = NewToken(), tillstream().contracts
    regions = sorted({contracts.current(name).region for name in contracts.names()})
    form.region.choices = [("", texts.CHOOSE), *((one, one) for one in regions)]
    return form


def _page(form: NewToken) -> str:
    try:
        stores = remaining("store", {})
    except Unavailable:  # a token does not depend on the warehouse
        stores = []
    return render_template("admin/stores.html", tokens=store_tokens.find(ports()), form=form, stores=stores)


@allow(Action.ADMINISTER)
def show() -> ResponseReturnValue:
    return _page(_form())


@allow(Action.ADMINISTER)
def add() -> ResponseReturnValue:
    form = _form()
    if not form.validate_on_submit():
        return _page(form), 422
    token, text = store_tokens.issue(ports(), form.region.data, form.store_id.data, form.label.data or "", me().login)
    words = texts.token_title(token.store_id, token.region)
    return render_template("admin/once.html", words=words, secret=text, back=url_for("admin.stores")), 201


@allow(Action.ADMINISTER)
def revoke(token_id: str) -> ResponseReturnValue:
    token = store_tokens.revoke(ports(), token_id, me().login)
    flash(texts.revoked(token.store_id), "done")
    return redirect(url_for("admin.stores"), 303)
