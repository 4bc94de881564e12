"""Admin pages: accounts, invitations and sign-in rules."""

from collections import Counter
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue
from wtforms import SelectField, SelectMultipleField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length

from portal import list_view
from portal.access import allow, requires_password_sign_in
from portal.context import lives, me, ports, tillstream
from portal.filter_fields import FilterField, FilterValue, filter_field, remaining_values
from portal.managed import ManagedForm, ManagedPages, shown_once
from portal.people import account_texts, tills
from portal.urls import go_to, public_address
from portal.value_names import value_name
from tillstream.model.errors import Conflict, Rejected, Unavailable
from tillstream.model.permissions import Action, Role
from tillstream.people import (
    account_store,
    accounts,
    external_identities,
    invitation_links,
    passwords,
    sessions,
    store_credentials,
    two_factor,
)
from tillstream.people.account_store import User, WrongField
from tillstream.ports import Ports

MAX_PEOPLE = 500
"""Maximum number of suggested salespeople; users type others."""
SORTABLE = {"name", "role", "seen"}
COLUMNS = [{"key": key, "label": label, "sort": key in SORTABLE} for key, label in account_texts.COLUMNS.items()]
blueprint = Blueprint("admin", __name__, template_folder="templates")


class AccountForm(ManagedForm):
    name = StringField(account_texts.COLUMNS["name"], [Length(max=100)])
    role = SelectField(
        account_texts.COLUMNS["role"],
        choices=[SelectChoice(role.value, words) for role, words in account_texts.ROLES.items()],
    )
    # Validated by `tillstream.people`; its errors are shown under the field.
    regions = SelectMultipleField(account_texts.COLUMNS["regions"], validate_choice=False)
    stores = SelectMultipleField(account_texts.COLUMNS["stores"], validate_choice=False)
    more_stores = StringField(account_texts.OTHER_STORES, [Length(max=500)])
    salesperson = StringField(account_texts.SALESPERSON, [Length(max=60)])

    def account_values(self) -> dict[str, Any]:
        """Form values as keyword arguments of `tillstream.people`."""
        stores = [*(self.stores.data or []), self.more_stores.data or ""]
        return {
            "name": self.name.data or "",
            "role": Role(self.role.data),
            "regions": ",".join(self.regions.data or []).split(","),
            "stores": ",".join(stores).split(","),
            "salesperson": self.salesperson.data or "",
            "check_regions": tillstream().contracts.check_regions,
            "by": me().login,
        }


class NewAccountForm(AccountForm):
    refused_by = (Rejected, Conflict)
    login = StringField(account_texts.LOGIN, [InputRequired(account_texts.NO_LOGIN), Length(max=60)])

    def field_of(self, error: Exception) -> str:
        return "login" if isinstance(error, Conflict) else super().field_of(error)


@dataclass(frozen=True)
class FormLists:
    """Lists of an account form."""

    regions: FilterField
    stores: FilterField
    salespeople: list[FilterValue]


def form_lists(form: AccountForm) -> FormLists:
    """All regions, the stores with sales in the chosen ones, and the salespeople with sales."""
    chosen = {name: _parts(one.data) for name, one in (("region", form.regions), ("store", form.stores))}
    regions = dict.fromkeys([*chosen["region"], *tillstream().contracts.regions_to_choose()])
    all_regions = tuple(FilterValue(region, value_name("region", region)) for region in regions)
    own = all_regions[: len(chosen["region"])]
    try:
        stores = filter_field("store", chosen, "stores", account_texts.COLUMNS["stores"])
        salespeople = [
            FilterValue(one, value_name("salesperson", one)) for one in remaining_values("salesperson", {})[:MAX_PEOPLE]
        ]
    except Unavailable:  # accounts do not depend on the warehouse
        listed = tuple(FilterValue(store, store) for store in chosen["store"])
        stores, salespeople = FilterField("stores", "store", account_texts.COLUMNS["stores"], listed, listed, ()), []
    return FormLists(
        FilterField("regions", "region", account_texts.COLUMNS["regions"], own, all_regions, ()), stores, salespeople
    )


def _parts(values: list[str] | None) -> list[str]:
    return [text for part in ",".join(values or []).split(",") if (text := part.strip())]


@allow(Action.ADMINISTER)
def show_people() -> ResponseReturnValue:
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
        roles={role.value: account_texts.ROLE_NAMES[role] for role in Role},
        states={state: account_texts.ACCOUNT_STATES[state] for state in accounts.ACCOUNT_STATES},
        me=me(),
    )


@allow(Action.ADMINISTER)
def invitation() -> ResponseReturnValue:
    form = NewAccountForm()
    return _form_page(form)


@allow(Action.ADMINISTER)
def invite() -> ResponseReturnValue:
    form, add = NewAccountForm(), _invite if tillstream().settings.passwords_open else _expect
    return form.saved(lambda: _form_page(form), lambda: add(form))


def _invite(form: NewAccountForm) -> ResponseReturnValue:
    public_address()  # before the account is created
    text = invitation_links.invite_with_link(ports(), form.login.data, **form.account_values())
    return link_page(form.login.data, text, invitation_links.INVITATION_LIFETIME.days)


def _expect(form: NewAccountForm) -> ResponseReturnValue:
    """Add an account for company sign-in, which needs no link: users are identified by their e-mail address."""
    if "@" not in (form.login.data or ""):
        raise WrongField("login", account_texts.COMPANY_LOGIN)
    one = external_identities.invite_externally(ports(), form.login.data, **form.account_values())
    address = tillstream().settings.address + url_for("sign_in.form")
    return go_to("admin.person", account_texts.can_sign_in_at(one.login, address), login=one.login)


def link_page(login: str, text: str, days: int) -> ResponseReturnValue:
    login = login.strip().casefold()
    return shown_once(
        "admin/once.html",
        public_address() + url_for("sign_in.join", text=text),
        url_for("admin.person", login=login),
        words=account_texts.link_title(login),
        says=account_texts.link_use(login, days),
    )


def _form_page(form: NewAccountForm) -> str:
    return render_template("admin/invite.html", form=form, lists=form_lists(form))


@allow(Action.ADMINISTER)
def show_person(login: str) -> ResponseReturnValue:
    one = accounts.get_user(ports(), login)
    form = AccountForm(
        name=one.name,
        role=one.role.value,
        regions=list(one.regions),
        stores=list(one.stores),
        salesperson=one.salesperson or "",
    )
    return _page(one, form)


@allow(Action.ADMINISTER)
def change_person(login: str) -> ResponseReturnValue:
    one, form = _other(login, account_texts.NOT_OWN_ACCOUNT), AccountForm()

    def change() -> ResponseReturnValue:
        accounts.assign_account(ports(), one.login, **form.account_values())
        return go_to("admin.person", account_texts.changed(one.login), login=one.login)

    return form.saved(lambda: _page(one, form), change)


def disable_person(ports: Ports, login: str, by: str) -> str:
    one = accounts.disable_account(ports, _other(login, account_texts.NOT_DISABLE_SELF).login, by=by)
    return account_texts.disabled(one.login)


def enable_person(ports: Ports, login: str, by: str) -> str:
    return account_texts.enabled(accounts.enable_account(ports, login, by=by).login)


@allow(Action.ADMINISTER)
def reset_password(login: str) -> ResponseReturnValue:
    """Replace the password with a reset link; renew the invitation of an invited user.

    With company sign-in, unbind the account: the next sign-in with its e-mail address binds it again.
    """
    one = _other(login, account_texts.OWN_PASSWORD)
    if not tillstream().settings.passwords_open:
        external_identities.unbind_identity(ports(), one.login, by=me().login)
        return go_to("admin.person", account_texts.unbound(one.login), login=one.login)
    public_address()  # before the old password ends
    text = invitation_links.reissue_link(ports(), one.login, by=me().login)
    return link_page(one.login, text, invitation_links.get_link(ports(), text).days)


@requires_password_sign_in
def take_off_second_step(ports: Ports, login: str, by: str) -> str:
    one = _other(login, account_texts.OWN_SECOND_STEP)
    two_factor.disable_second_factor(ports, one.login, by=by)
    return account_texts.second_step_off(one.login)


@allow(Action.ADMINISTER)
def end_session(login: str, session_id: str) -> ResponseReturnValue:
    one = accounts.get_user(ports(), login)
    sessions.end_session(ports(), one.login, session_id, me().login)
    return go_to("admin.person", account_texts.session_ended(one.login), login=one.login)


def end_sessions(ports: Ports, login: str, by: str) -> str:
    one = _other(login, account_texts.OWN_SESSIONS)
    return account_texts.sessions_ended(one.login, sessions.end_sessions(ports, one, lives(), by))


def _other(login: str, message: str) -> User:
    """The account, if it is not the admin's own. Raises `Rejected`."""
    one = accounts.get_user(ports(), login)
    if one.login == me().login:
        raise Rejected(message)
    return one


def _page(one: User, form: AccountForm) -> str:
    return render_template(
        "admin/person.html",
        one=one,
        form=form,
        lists=form_lists(form),
        sessions=sessions.open_sessions(ports(), one, lives()),
        changes=accounts.account_history(ports(), one.login),
        me=me(),
    )


@allow(Action.ADMINISTER)
def show_policy() -> ResponseReturnValue:
    people = accounts.all_users(ports())
    return render_template(
        "admin/policy.html",
        required=account_store.second_factor_roles(ports()),
        roles=list(Role),
        without=Counter(one.role for one in people if not (one.second_step or one.disabled)),
        lives=lives(),
        issuer=tillstream().settings.oidc_issuer,
        shortest=passwords.MIN_PASSWORD_LENGTH,
    )


@allow(Action.ADMINISTER)
@requires_password_sign_in
def save_policy() -> ResponseReturnValue:
    selected = request.form.getlist("roles")
    if not set(selected) <= set(Role):
        raise Rejected(account_texts.unknown_role(Role))
    account_store.require_second_factor(ports(), [Role(role) for role in selected], me().login)
    return go_to("admin.policy", account_texts.RULES_SAVED)


blueprint.add_url_rule("/people", "people", show_people)
blueprint.add_url_rule("/people", "invite", invite, methods=["POST"])
blueprint.add_url_rule("/invite", "invitation", invitation)
blueprint.add_url_rule("/people/<login>", "person", show_person)
blueprint.add_url_rule("/people/<login>", "change_person", change_person, methods=["POST"])
PEOPLE = ManagedPages(blueprint, "/people/<login>", page="person")
PEOPLE.button("disable", disable_person)
PEOPLE.button("enable", enable_person)
PEOPLE.button("second-step-off", take_off_second_step, endpoint="second_step_off")
PEOPLE.button("end-sessions", end_sessions, endpoint="end_sessions")
blueprint.add_url_rule("/people/<login>/reset", "reset", reset_password, methods=["POST"])
blueprint.add_url_rule("/people/<login>/sessions/<session_id>/end", "end_session", end_session, methods=["POST"])
blueprint.add_url_rule("/sign-in-rules", "policy", show_policy)
blueprint.add_url_rule("/sign-in-rules", "save_policy", save_policy, methods=["POST"])
blueprint.add_url_rule("/stores", "stores", tills.show_tills)
blueprint.add_url_rule("/stores", "add_token", tills.add_token, methods=["POST"])
blueprint.add_url_rule("/stores/connect", "connect_till", tills.connect_till, methods=["POST"])
blueprint.add_url_rule("/stores/unsigned", "accept_unsigned", tills.accept_unsigned, methods=["POST"])
blueprint.add_url_rule("/stores/keys/<key_id>/replace", "rotate_key", tills.rotate_key, methods=["POST"])
ManagedPages(blueprint, "/stores/<token_id>", page="", listing="stores").button(
    "revoke", store_credentials.revoke_store_token, lambda token: account_texts.revoked(token.store_id)
)
ManagedPages(blueprint, "/stores/keys/<key_id>", page="", listing="stores").button(
    "revoke",
    store_credentials.revoke_store_key,
    lambda key: account_texts.key_revoked(key.till, key.store_id),
    endpoint="revoke_key",
)
