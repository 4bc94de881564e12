"""Profile page: name and preferences, sessions, and two-factor sign-in."""

from collections.abc import Callable

import segno
from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue
from markupsafe import Markup
from wtforms import SelectField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length

from portal import figures
from portal.access import Open, allow, requires_password_sign_in
from portal.context import lives, me, ports, this_session, tillstream
from portal.managed import ManagedForm, ManagedPages
from portal.people.sign_in_forms import CodeForm
from portal.translation import N_, _, ngettext
from portal.urls import go_to
from tillstream.model.errors import Rejected
from tillstream.people import account_store, sessions, two_factor
from tillstream.people.passwords import TooManyTries
from tillstream.people.two_factor import WrongCode
from tillstream.ports import Ports

blueprint = Blueprint("profile", __name__, template_folder="templates")

SIGN_INS = 10


class ProfileForm(ManagedForm):
    name = StringField(N_("Name"), [InputRequired(N_("Enter your name.")), Length(max=100)])
    locale = SelectField(N_("Date and number format"), validate_choice=False)
    time_zone = StringField(N_("Time zone"), [Length(max=60)])
    display_currency = SelectField(N_("Display currency"), validate_choice=False)


@blueprint.get("/profile", endpoint="show")
@allow(Open.SIGNED_IN)
def show_profile() -> ResponseReturnValue:
    one = me()
    return _page(
        ProfileForm(name=one.name, locale=one.locale, time_zone=one.time_zone, display_currency=one.display_currency)
    )


@blueprint.post("/profile", endpoint="save")
@allow(Open.SIGNED_IN)
def save_profile() -> ResponseReturnValue:
    form = ProfileForm()

    def save() -> ResponseReturnValue:
        account_store.save_profile(
            ports(),
            me().login,
            name=form.name.data,
            locale=form.locale.data or "",
            time_zone=(form.time_zone.data or "").strip(),
            display_currency=form.display_currency.data or "",
            currencies=figures.currencies(),
        )
        return go_to("profile.show", _("Saved."))

    return form.saved(lambda: _page(form), save)


def end_session(ports: Ports, session_id: str, by: str) -> None:
    sessions.end_session(ports, by, session_id, by)


ManagedPages(blueprint, "/profile/sessions/<session_id>", page="", listing="show", access=Open.SIGNED_IN).button(
    "end", end_session, N_("You are signed out on that device."), endpoint="end_session"
)


@blueprint.post("/profile/sessions/end-others", endpoint="end_others")
@allow(Open.SIGNED_IN)
def end_others() -> ResponseReturnValue:
    ended = sessions.end_sessions(ports(), me(), lives(), me().login, but=this_session().id)
    return go_to(
        "profile.show",
        ngettext(
            "You are signed out on {number} other device.", "You are signed out on {number} other devices.", ended
        ),
    )


@blueprint.get("/profile/second-step", endpoint="second_step")
@allow(Open.SIGNED_IN)
@requires_password_sign_in
def second_step() -> ResponseReturnValue:
    return _step_page(CodeForm())


@blueprint.post("/profile/second-step", endpoint="finish_second_step")
@allow(Open.SIGNED_IN)
@requires_password_sign_in
def finish_second_step() -> ResponseReturnValue:
    return _with_code(lambda code: _codes(two_factor.confirm_totp(ports(), me().login, code)))


@blueprint.post("/profile/second-step/codes", endpoint="new_codes")
@allow(Open.SIGNED_IN)
@requires_password_sign_in
def new_codes() -> ResponseReturnValue:
    def make(code: str) -> ResponseReturnValue:
        two_factor.check_second_factor(ports(), me().login, code)
        return _codes(two_factor.new_recovery_codes(ports(), me().login))

    return _with_code(make)


@blueprint.post("/profile/second-step/off", endpoint="take_off")
@allow(Open.SIGNED_IN)
@requires_password_sign_in
def take_off() -> ResponseReturnValue:
    if me().role in account_store.second_factor_roles(ports()):
        raise Rejected(_("Your role requires two-factor sign-in. You cannot turn it off."))

    def off(code: str) -> ResponseReturnValue:
        two_factor.check_second_factor(ports(), me().login, code)
        two_factor.disable_second_factor(ports(), me().login, by=me().login)
        return go_to("profile.show", _("Two-factor sign-in is off."))

    return _with_code(off)


def _with_code(do: Callable[[str], ResponseReturnValue]) -> ResponseReturnValue:
    """Run `do` with the code of the form; errors are shown under its field."""
    form, status = CodeForm(), 422
    if form.validate_on_submit():
        try:
            return do(form.code.data)
        except WrongCode as error:
            form.code.errors = [str(error)]
        except TooManyTries as error:
            form.code.errors, status = [str(error)], 429
    return _step_page(form), status


def _codes(codes: list[str]) -> ResponseReturnValue:
    # Rendered directly, not after a redirect: the codes must not be stored in a cookie.
    return render_template("profile/codes.html", codes=codes), 201


def _page(form: ProfileForm) -> str:
    locales = {"": _("Browser default")} | account_store.LOCALES
    form.locale.choices = [SelectChoice(*one) for one in locales.items()]
    reporting = tillstream().settings.reporting_currency
    fixed = {
        "": _("Automatic"),
        account_store.REPORTING_CURRENCY: _("Reporting currency ({currency})", currency=reporting),
    }
    currencies = fixed | {code: code for code in figures.currencies()}
    form.display_currency.choices = [SelectChoice(*one) for one in currencies.items()]
    all_sessions = sessions.find_sessions(ports(), me().login, limit=200)
    now, here = ports().clock.now(), this_session()
    return render_template(
        "profile/show.html",
        form=form,
        me=me(),
        zones=account_store.time_zone_names(),
        here=here,
        sessions=sorted(
            (one for one in all_sessions if one.is_open(me(), now, lives())), key=lambda one: one.id != here.id
        ),
        sign_ins=all_sessions[:SIGN_INS],
        codes_left=two_factor.recovery_codes_left(ports(), me().login),
    )


def _step_page(form: CodeForm) -> str:
    key = "" if me().second_step else two_factor.pending_totp_key(ports(), me().login)
    return render_template(
        "profile/second_step.html",
        form=form,
        me=me(),
        key=" ".join(key[at : at + 4] for at in range(0, len(key), 4)),
        picture=_picture(two_factor.provisioning_uri(key, me().login)) if key else "",
        required=me().role in account_store.second_factor_roles(ports()),
        codes_left=two_factor.recovery_codes_left(ports(), me().login),
    )


def _picture(address: str) -> Markup:
    """QR code as inline SVG, dark on light in every theme, as cameras require."""
    drawn = segno.make(address, error="m").svg_inline(scale=5, light="#fff", dark="#000", omitsize=True)
    return Markup(drawn)  # noqa: S704 - drawn by us, of squares only
