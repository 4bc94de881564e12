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
from portal.people import tills
from portal.translation import N_, _, ngettext
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
ROLES = N_(
    {
        Role.CLERK: "Clerk: uploads and corrects files",
        Role.MANAGER: "Manager: also reviews files and undoes uploads",
        Role.ANALYST: "Analyst: sees numbers without names",
        Role.SALESPERSON: "Salesperson: sees their own sales",
        Role.ADMIN: "Admin: everything",
    }
)
STATES = N_({"active": "Active", "invited": "Invited", "stopped": "Disabled"})
LABELS = N_(
    {
        "name": "Name",
        "role": "Role",
        "regions": "Regions",
        "stores": "Stores",
        "seen": "Last seen",
        "sessions": "Signed in",
        "state": "Account",
    }
)
COLUMNS = [{"key": key, "label": label, "sort": key in SORTABLE} for key, label in LABELS.items()]
blueprint = Blueprint("admin", __name__, template_folder="templates")


class AccountForm(ManagedForm):
    name = StringField(LABELS["name"], [Length(max=100)])
    role = SelectField(
        LABELS["role"],
        choices=[SelectChoice(role.value, words) for role, words in ROLES.items()],
    )
    # Validated by `tillstream.people`; its errors are shown under the field.
    regions = SelectMultipleField(LABELS["regions"], validate_choice=False)
    stores = SelectMultipleField(LABELS["stores"], validate_choice=False)
    more_stores = StringField(N_("Other stores"), [Length(max=500)])
    salesperson = StringField(N_("Salesperson ID"), [Length(max=60)])

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
    login = StringField(N_("Sign-in name"), [InputRequired(N_("Enter a sign-in name.")), Length(max=60)])

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
        stores = filter_field("store", chosen, "stores", LABELS["stores"])
        salespeople = [
            FilterValue(one, value_name("salesperson", one)) for one in remaining_values("salesperson", {})[:MAX_PEOPLE]
        ]
    except Unavailable:  # accounts do not depend on the warehouse
        listed = tuple(FilterValue(store, store) for store in chosen["store"])
        stores, salespeople = FilterField("stores", "store", LABELS["stores"], listed, listed, ()), []
    return FormLists(FilterField("regions", "region", LABELS["regions"], own, all_regions, ()), stores, salespeople)


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
        roles={role.value: str(ROLES[role]).split(":")[0] for role in Role},
        states={state: STATES[state] for state in accounts.ACCOUNT_STATES},
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
        raise WrongField("login", _("People sign in with their company account here. Enter its email address."))
    one = external_identities.invite_externally(ports(), form.login.data, **form.account_values())
    address = tillstream().settings.address + url_for("sign_in.form")
    return go_to(
        "admin.person", _("{login} can sign in now at {address}.", login=one.login, address=address), login=one.login
    )


def link_page(login: str, text: str, days: int) -> ResponseReturnValue:
    login = login.strip().casefold()
    return shown_once(
        "admin/once.html",
        public_address() + url_for("sign_in.join", text=text),
        url_for("admin.person", login=login),
        words=_("Link for {login}", login=login),
        says=ngettext(
            "{login} uses it to set a password. It works once, within a day.",
            "{login} uses it to set a password. It works once, within {number} days.",
            days,
            login=login,
        ),
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
    one, form = _other(login, _("You cannot change your own account. Another admin can.")), AccountForm()

    def change() -> ResponseReturnValue:
        accounts.assign_account(ports(), one.login, **form.account_values())
        return go_to(
            "admin.person",
            _("{login} is changed. Changes apply from the next page that they open.", login=one.login),
            login=one.login,
        )

    return form.saved(lambda: _page(one, form), change)


def disable_person(ports: Ports, login: str, by: str) -> str:
    one = accounts.disable_account(
        ports, _other(login, _("You cannot disable your own account. Another admin can.")).login, by=by
    )
    return _("{login} is signed out and cannot sign in.", login=one.login)


def enable_person(ports: Ports, login: str, by: str) -> str:
    return _("{login} can sign in again.", login=accounts.enable_account(ports, login, by=by).login)


@allow(Action.ADMINISTER)
def reset_password(login: str) -> ResponseReturnValue:
    """Replace the password with a reset link; renew the invitation of an invited user.

    With company sign-in, unbind the account: the next sign-in with its e-mail address binds it again.
    """
    one = _other(login, _("Change your own password on your profile."))
    if not tillstream().settings.passwords_open:
        external_identities.unbind_identity(ports(), one.login, by=me().login)
        return go_to(
            "admin.person",
            _(
                "{login} is signed out. The next person who signs in with this address gets the account.",
                login=one.login,
            ),
            login=one.login,
        )
    public_address()  # before the old password ends
    text = invitation_links.reissue_link(ports(), one.login, by=me().login)
    return link_page(one.login, text, invitation_links.get_link(ports(), text).days)


@requires_password_sign_in
def take_off_second_step(ports: Ports, login: str, by: str) -> str:
    one = _other(login, _("Turn off your own two-factor sign-in on your profile."))
    two_factor.disable_second_factor(ports, one.login, by=by)
    return _("{login} now signs in without a code, and can set up two-factor sign-in again.", login=one.login)


@allow(Action.ADMINISTER)
def end_session(login: str, session_id: str) -> ResponseReturnValue:
    one = accounts.get_user(ports(), login)
    sessions.end_session(ports(), one.login, session_id, me().login)
    return go_to("admin.person", _("{login} is signed out on that device.", login=one.login), login=one.login)


def end_sessions(ports: Ports, login: str, by: str) -> str:
    one = _other(login, _("End your own sessions on your profile."))
    ended = sessions.end_sessions(ports, one, lives(), by)
    return ngettext(
        "{login} is signed out on {number} device.",
        "{login} is signed out on {number} devices.",
        ended,
        login=one.login,
    )


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
        raise Rejected(_("Choose among the roles {roles}.", roles=", ".join(Role)))
    account_store.require_second_factor(ports(), [Role(role) for role in selected], me().login)
    return go_to("admin.policy", _("Saved. The rules apply from the next page that each person opens."))


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
    "revoke",
    store_credentials.revoke_store_token,
    lambda token: _("The token for {store_id} is revoked.", store_id=token.store_id),
)
ManagedPages(blueprint, "/stores/keys/<key_id>", page="", listing="stores").button(
    "revoke",
    store_credentials.revoke_store_key,
    lambda key: _(
        "The key of the till {till} of {store_id} is revoked. What it signs no longer counts.",
        till=key.till,
        store_id=key.store_id,
    ),
    endpoint="revoke_key",
)
