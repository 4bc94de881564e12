"""Account page: role, scope, sessions and history."""

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from portal.access import allow, requires_password_sign_in
from portal.admin import forms, texts
from portal.admin.people import shown_once
from portal.context import lives, me, ports, tillstream
from portal.urls import public_address
from tillstream.model.errors import Rejected
from tillstream.model.people import Action
from tillstream.people import accounts, external_identities, invitation_links, sessions, two_factor
from tillstream.people.account_store import User


@allow(Action.ADMINISTER)
def show(login: str) -> ResponseReturnValue:
    one = accounts.get_user(ports(), login)
    form = forms.AccountForm(
        name=one.name,
        role=one.role.value,
        regions=list(one.regions),
        stores=list(one.stores),
        salesperson=one.salesperson or "",
    )
    return _page(one, form)


@allow(Action.ADMINISTER)
def change(login: str) -> ResponseReturnValue:
    one, form = _other(login, texts.NOT_OWN_ACCOUNT), forms.AccountForm()
    if not form.validate_on_submit():
        return _page(one, form), 422
    try:
        accounts.assign_account(ports(), one.login, **form.account_values())
    except Rejected as error:
        form.add_error(error)
        return _page(one, form), 422
    flash(texts.changed(one.login), "done")
    return _back(one)


@allow(Action.ADMINISTER)
def disable(login: str) -> ResponseReturnValue:
    one = _other(login, texts.NOT_DISABLE_SELF)
    accounts.disable_account(ports(), one.login, by=me().login)
    flash(texts.disabled(one.login), "done")
    return _back(one)


@allow(Action.ADMINISTER)
def enable(login: str) -> ResponseReturnValue:
    one = accounts.enable_account(ports(), login, by=me().login)
    flash(texts.enabled(one.login), "done")
    return _back(one)


@allow(Action.ADMINISTER)
def reset(login: str) -> ResponseReturnValue:
    """Replace the password with a reset link; renew the invitation of an invited user.

    With company sign-in, unbind the account: the next sign-in with its e-mail address binds it again.
    """
    one = _other(login, texts.OWN_PASSWORD)
    if not tillstream().settings.passwords_open:
        external_identities.unbind_identity(ports(), one.login, by=me().login)
        flash(texts.unbound(one.login), "done")
        return _back(one)
    public_address()  # before the old password ends
    text = invitation_links.reissue_link(ports(), one.login, by=me().login)
    return shown_once(one.login, text, invitation_links.get_link(ports(), text).days)


@allow(Action.ADMINISTER)
@requires_password_sign_in
def take_off_second_step(login: str) -> ResponseReturnValue:
    one = _other(login, texts.OWN_SECOND_STEP)
    two_factor.disable_second_factor(ports(), one.login, by=me().login)
    flash(texts.second_step_off(one.login), "done")
    return _back(one)


@allow(Action.ADMINISTER)
def end_session(login: str, session_id: str) -> ResponseReturnValue:
    one = accounts.get_user(ports(), login)
    sessions.end_session(ports(), one.login, session_id, me().login)
    flash(texts.session_ended(one.login), "done")
    return _back(one)


@allow(Action.ADMINISTER)
def end_sessions(login: str) -> ResponseReturnValue:
    one = _other(login, texts.OWN_SESSIONS)
    ended = sessions.end_sessions(ports(), one, lives(), me().login)
    flash(texts.sessions_ended(one.login, ended), "done")
    return _back(one)


def _other(login: str, message: str) -> User:
    """The account, if it is not the admin's own. Raises `Rejected`."""
    one = accounts.get_user(ports(), login)
    if one.login == me().login:
        raise Rejected(message)
    return one


def _back(one: User) -> ResponseReturnValue:
    return redirect(url_for("admin.person", login=one.login), 303)


def _page(one: User, form: forms.AccountForm) -> str:
    return render_template(
        "admin/person.html",
        one=one,
        form=form,
        lists=forms.lists(form),
        sessions=sessions.open_sessions(ports(), one, lives()),
        changes=accounts.account_history(ports(), one.login),
        me=me(),
    )
