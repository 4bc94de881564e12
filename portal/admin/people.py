"""Account list and invitations."""

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from portal import list_view
from portal.access import allow
from portal.admin import forms, texts
from portal.context import lives, me, ports, tillstream
from portal.urls import public_address
from tillstream.model.errors import Conflict, Rejected
from tillstream.model.people import Action, Role
from tillstream.people import accounts, external_identities, invitation_links, sessions
from tillstream.people.account_store import WrongField

SORTABLE = {"name", "role", "seen"}
COLUMNS = [{"key": key, "label": label, "sort": key in SORTABLE} for key, label in texts.COLUMNS.items()]


@allow(Action.ADMINISTER)
def show() -> ResponseReturnValue:
    query = list_view.list_query(sorts=accounts.USER_SORTS, filters=("role", "state"), default_sort="name")
    role, state = (next(iter(query.chosen[name]), "") for name in ("role", "state"))
    page = list_view.page_of(
        query, accounts.find_users(ports(), accounts.PeopleFilter(query.q, role, state, query.sort))
    )
    return render_template(
        "admin/people.html",
        page=page,
        query=query,
        columns=COLUMNS,
        open_sessions=sessions.count_open_sessions(ports(), page.rows, lives()),
        roles={role.value: texts.ROLE_NAMES[role] for role in Role},
        states={state: texts.ACCOUNT_STATES[state] for state in accounts.ACCOUNT_STATES},
        me=me(),
    )


@allow(Action.ADMINISTER)
def invitation() -> ResponseReturnValue:
    form = forms.NewAccountForm()
    return _form_page(form)


@allow(Action.ADMINISTER)
def invite() -> ResponseReturnValue:
    form = forms.NewAccountForm()
    if not form.validate_on_submit():
        return _form_page(form), 422
    if not tillstream().settings.passwords_open:
        return _expected(form)
    try:
        public_address()  # before the account is created
        text = invitation_links.invite_with_link(ports(), form.login.data, **form.account_values())
    except (Rejected, Conflict) as error:
        form.add_error(error)
        return _form_page(form), 422
    return shown_once(form.login.data, text, invitation_links.INVITATION_LIFETIME.days)


def _expected(form: forms.NewAccountForm) -> ResponseReturnValue:
    """Add an account for company sign-in, which needs no link: users are identified by their e-mail address."""
    try:
        if "@" not in (form.login.data or ""):
            raise WrongField("login", texts.COMPANY_LOGIN)
        one = external_identities.invite_externally(ports(), form.login.data, **form.account_values())
    except (Rejected, Conflict) as error:
        form.add_error(error)
        return _form_page(form), 422
    flash(texts.can_sign_in_at(one.login, tillstream().settings.address + url_for("sign_in.form")), "done")
    return redirect(url_for("admin.person", login=one.login), 303)


def shown_once(login: str, text: str, days: int) -> ResponseReturnValue:
    # Rendered directly, not after a redirect: the link must not be stored in a cookie.
    login = login.strip().casefold()
    return render_template(
        "admin/once.html",
        words=texts.link_title(login),
        secret=public_address() + url_for("sign_in.join", text=text),
        says=texts.link_use(login, days),
        back=url_for("admin.person", login=login),
    ), 201


def _form_page(form: forms.NewAccountForm) -> str:
    return render_template("admin/invite.html", form=form, lists=forms.lists(form))
