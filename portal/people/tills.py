"""Tills of stores: the tokens and keys with which they send the sales of their store."""

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_wtf import FlaskForm
from wtforms import SelectField, StringField
from wtforms.validators import InputRequired, Length

from portal.access import allow
from portal.context import me, ports, tillstream
from portal.filter_fields import remaining_values
from portal.managed import shown_once
from portal.translation import N_, _
from portal.urls import go_to, public_address
from tillstream.model.errors import Unavailable
from tillstream.model.permissions import Action
from tillstream.people import store_credentials
from tillstream.people.store_credentials import TillSetup


class NewStoreToken(FlaskForm):
    region = SelectField(N_("Region"), [InputRequired(N_("Choose a region."))])
    store_id = StringField(
        N_("Store"),
        [InputRequired(N_("Enter the store's ID as written in its files.")), Length(max=60)],
        render_kw={"list": "known-stores"},
    )
    label = StringField(N_("Till"), [Length(max=100)])


def _form() -> NewStoreToken:
    form, regions = NewStoreToken(), tillstream().contracts.regions_to_choose()
    form.region.choices = [("", _("Choose")), *((one, one) for one in regions)]
    return form


def _page(form: NewStoreToken) -> str:
    try:
        stores = remaining_values("store", {})
    except Unavailable:  # a token does not depend on the warehouse
        stores = []
    return render_template(
        "admin/stores.html",
        tokens=store_credentials.find_store_tokens(ports()),
        keys=store_credentials.find_store_keys(ports()),
        special=[one for one in store_credentials.stores_with_keys(ports()) if one.accepts_nothing or one.unsigned_at],
        form=form,
        stores=stores,
    )


@allow(Action.ADMINISTER)
def show_tills() -> ResponseReturnValue:
    return _page(_form())


@allow(Action.ADMINISTER)
def add_token() -> ResponseReturnValue:
    form = _form()
    if not form.validate_on_submit():
        return _page(form), 422
    token, text = store_credentials.issue_store_token(
        ports(), form.region.data, form.store_id.data, form.label.data or "", me().login
    )
    words = _("Token for {store_id} in {region}", store_id=token.store_id, region=token.region)
    return shown_once("admin/once.html", text, url_for("admin.stores"), words=words)


@allow(Action.ADMINISTER)
def connect_till() -> ResponseReturnValue:
    """Create the token and the key of a till, and show its setup code once."""
    form = _form()
    if not form.validate_on_submit():
        return _page(form), 422
    setup = store_credentials.connect_till(
        ports(),
        public_address(),
        form.region.data,
        form.store_id.data,
        form.label.data or "",
        me().login,
        tillstream().contracts.cutoff(form.region.data),
    )
    return _setup_page(setup)


@allow(Action.ADMINISTER)
def rotate_key(key_id: str) -> ResponseReturnValue:
    """Create a new token and key for the till of a key, and show their setup code once."""
    cutoff = tillstream().contracts.cutoff(store_credentials.get_store_key(ports(), key_id).region)
    return _setup_page(store_credentials.reconnect_till(ports(), public_address(), key_id, me().login, cutoff))


@allow(Action.ADMINISTER)
def accept_unsigned() -> ResponseReturnValue:
    """Accept unsigned messages of a store again whose keys are all revoked."""
    store = store_credentials.accept_unsigned_messages(
        ports(), request.form.get("region", ""), request.form.get("store_id", ""), me().login
    )
    return go_to(
        "admin.stores",
        _(
            "Unsigned messages of {store_id} in {region} are accepted again, until the store gets a new key.",
            store_id=store.store_id,
            region=store.region,
        ),
    )


def _setup_page(setup: TillSetup) -> ResponseReturnValue:
    return shown_once("admin/setup_code.html", setup.code, url_for("admin.stores"), setup=setup)
