"""Sign-in pages: password, second factor, identity provider, invitation links, sign-out and password change."""

import hashlib
import secrets
from contextlib import suppress
from typing import TYPE_CHECKING

from flask import (
    Blueprint,
    Response,
    abort,
    after_this_request,
    current_app,
    flash,
    jsonify,
    redirect,
    render_template,
    request,
    url_for,
)
from flask import session as cookie
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import generate_csrf
from itsdangerous import BadData, URLSafeTimedSerializer

from portal.access import Open, allow, requires_password_sign_in
from portal.context import enter, lives, me, ports, signed_in, this_session, tillstream
from portal.context import leave as end_session
from portal.people import sign_in_methods
from portal.people.sign_in_forms import CodeForm, FirstPasswordForm, OwnPasswordForm, SignInForm
from portal.translation import _
from portal.urls import go_to, own_page
from tillstream.model.errors import NotFound, Rejected
from tillstream.people import accounts, external_identities, invitation_links, sessions, two_factor
from tillstream.people.account_store import User, normalize_login
from tillstream.people.accounts import WrongSignIn
from tillstream.people.passwords import MIN_PASSWORD_LENGTH, SignInOrigin, TooManyTries
from tillstream.people.two_factor import WrongCode

if TYPE_CHECKING:
    from portal.people.oidc import Provider

DEVICE_COOKIE = "tillstream-device"
DEVICE_COOKIE_PATH = "/sign-in"
A_YEAR = 365 * 86_400
MAX_NAMES = 10
"""People who share a device; the cookie stays small."""

WANTED = "wanted"
"""Cookie key of the page to open after sign-in."""
blueprint = Blueprint("sign_in", __name__, template_folder="templates")

HALF = "half"
"""Cookie key of a sign-in with a correct password and no code yet."""
PATIENCE = 300
"""Seconds in which the code must be entered."""


def trusted_device(login: str) -> str:
    """Return the id of this device if the owner of the name has signed in on it, else empty text."""
    device, names = _read()
    return device if _hash(login) in names else ""


def remember_device(login: str) -> None:
    """Send a cookie that proves this sign-in."""
    device, names = _read()
    names = [_hash(login), *(name for name in names if name != _hash(login))][:MAX_NAMES]
    text = _serializer().dumps([device or secrets.token_hex(8), names])

    @after_this_request
    def send(response: Response) -> Response:
        secure = bool(current_app.config["SESSION_COOKIE_SECURE"])
        response.set_cookie(
            DEVICE_COOKIE, text, max_age=A_YEAR, path=DEVICE_COOKIE_PATH, secure=secure, httponly=True, samesite="Lax"
        )
        return response


def _read() -> tuple[str, list[str]]:
    with suppress(BadData):
        device, names = _serializer().loads(request.cookies.get(DEVICE_COOKIE, ""), max_age=A_YEAR)
        return device, names
    return "", []


def _serializer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(str(current_app.secret_key), salt=DEVICE_COOKIE)


def _hash(login: str) -> str:
    return hashlib.sha256(normalize_login(login).encode()).hexdigest()[:16]


@allow(Open.EVERYBODY)
def begin_at_provider() -> ResponseReturnValue:
    """Redirect to the provider; from another address than the public one, first to that, which the cookie is for."""
    provider, public = _provider(), tillstream().settings.public_url
    if public and public != request.host_url.rstrip("/"):
        return redirect(public + url_for("sign_in.begin", next=request.args.get("next")), 303)
    cookie[WANTED] = request.args.get("next", "")
    return provider.begin(url_for("sign_in.returned", _external=True))  # it accepts registered addresses only


@allow(Open.EVERYBODY)
def return_from_provider() -> ResponseReturnValue:
    """Callback of the provider: verify the identity and start a session."""
    identity = _provider().finish()
    wanted = own_page(str(cookie.get(WANTED, "")))
    enter(external_identities.sign_in_externally(ports(), identity), way=sign_in_methods.OIDC)
    return redirect(wanted, 303)


@allow(Open.EVERYBODY)
def show_signed_out() -> ResponseReturnValue:
    if tillstream().settings.sign_in != sign_in_methods.IAP:
        abort(404)
    return render_template("sign_in/out.html")


def user_of_proxy() -> User | None:
    """User authenticated by the proxy; None without a proxy, or without its header if local accounts are allowed.

    Raises `IdentityNotVerified`, `NotInvited`, `TooManyTries`, `Unavailable`.
    """
    settings = tillstream().settings
    if settings.sign_in != sign_in_methods.IAP or (
        settings.local_accounts and sign_in_methods.ASSERTION not in request.headers
    ):
        return None
    return external_identities.sign_in_externally(ports(), sign_in_methods.proved_by_proxy(settings))


def _provider() -> "Provider":
    if tillstream().settings.sign_in != sign_in_methods.OIDC:
        abort(404)
    provider: Provider = current_app.extensions[sign_in_methods.EXTENSION]
    return provider


blueprint.add_url_rule("/sign-in/company", "begin", begin_at_provider)
blueprint.add_url_rule("/sign-in/returned", "returned", return_from_provider)
blueprint.add_url_rule("/signed-out", "out", show_signed_out)


@blueprint.get("/sign-in", endpoint="form")
@allow(Open.EVERYBODY)
def show_form() -> ResponseReturnValue:
    if signed_in():
        return redirect(_next(), 303)
    through = user_of_proxy()
    if through:
        enter(through, way=sign_in_methods.IAP)
        return redirect(_next(), 303)
    return render_template("sign_in/form.html", form=SignInForm(), days=lives().longest.days)


@blueprint.post("/sign-in", endpoint="enter")
@allow(Open.EVERYBODY)
@requires_password_sign_in
def check_password() -> ResponseReturnValue:
    form, status = SignInForm(), 422
    if form.validate_on_submit():
        try:
            user = accounts.sign_in_with_password(
                ports(), form.login.data, form.password.data, _origin(form.login.data)
            )
        except WrongSignIn as error:
            form.password.errors, status = [str(error)], 401
        except TooManyTries as error:
            form.password.errors, status = [str(error)], 429
        else:
            return _begin_session(user, remembered=bool(form.remember.data))
    return render_template("sign_in/form.html", form=form, days=lives().longest.days), status


def _begin_session(user: User, *, remembered: bool) -> ResponseReturnValue:
    """Start the session, or ask for the code first."""
    if not user.second_step:
        enter(user, remembered=remembered)
        remember_device(user.login)
        return redirect(_next(), 303)
    cookie.clear()
    now = int(ports().clock.now().timestamp())
    cookie[HALF] = {"login": user.login, "stamp": user.stamp, "at": now, "remembered": remembered}
    return redirect(url_for("sign_in.code", next=request.args.get("next")), 303)


@blueprint.get("/sign-in/code", endpoint="code")
@allow(Open.EVERYBODY)
@requires_password_sign_in
def code() -> ResponseReturnValue:
    if _half() is None:
        return redirect(url_for("sign_in.form", next=request.args.get("next")), 303)
    return render_template("sign_in/code.html", form=CodeForm())


@blueprint.post("/sign-in/code", endpoint="check_code")
@allow(Open.EVERYBODY)
@requires_password_sign_in
def check_code() -> ResponseReturnValue:
    form, status, half = CodeForm(), 422, _half()
    if half is None:
        return go_to(
            "sign_in.form",
            _("That took too long. Enter your name and password again."),
            "wrong",
            next=request.args.get("next"),
        )
    if form.validate_on_submit():
        try:
            user = two_factor.check_second_factor(ports(), half.login, form.code.data)
        except WrongCode as error:
            form.code.errors, status = [str(error)], 401
        except TooManyTries as error:
            form.code.errors, status = [str(error)], 429
        else:
            enter(user, remembered=bool(cookie[HALF]["remembered"]))
            remember_device(user.login)
            return redirect(_next(), 303)
    return render_template("sign_in/code.html", form=form), status


def _half() -> User | None:
    """User who entered the correct password recently; None if it has changed since or the account is disabled."""
    half = cookie.get(HALF)
    if not half or ports().clock.now().timestamp() - half["at"] > PATIENCE:
        return None
    try:
        user = accounts.get_user(ports(), half["login"])
    except NotFound:
        return None
    return user if user.stamp == half["stamp"] and not user.disabled else None


@blueprint.get("/join/<text>", endpoint="join")
@allow(Open.EVERYBODY)
@requires_password_sign_in
def show_invitation(text: str) -> ResponseReturnValue:
    """Show an invitation. This does not use up the link, as mail programs fetch links in advance."""
    return render_template(
        "sign_in/join.html",
        form=FirstPasswordForm(),
        link=invitation_links.get_link(ports(), text),
        shortest=MIN_PASSWORD_LENGTH,
    )


@blueprint.post("/join/<text>", endpoint="take")
@allow(Open.EVERYBODY)
@requires_password_sign_in
def accept_invitation(text: str) -> ResponseReturnValue:
    link, form = invitation_links.get_link(ports(), text), FirstPasswordForm()
    if form.validate_on_submit():
        try:
            user = invitation_links.redeem_link(ports(), text, form.new.data)
        except invitation_links.NoSuchInvitationLink:
            raise
        except Rejected as error:
            form.new.errors = [str(error)]
        else:
            answer = _begin_session(user, remembered=False)  # clears the previous session
            flash(_("Your password is set."), "done")
            return answer
    return render_template("sign_in/join.html", form=form, link=link, shortest=MIN_PASSWORD_LENGTH), 422


@blueprint.get("/session", endpoint="current")
@allow(Open.EVERYBODY)
def current_session() -> ResponseReturnValue:
    """Who is signed in in this browser, and the token for changes; an empty name if no session is open."""
    return jsonify({"login": me().login if signed_in() else "", "token": generate_csrf()})


@blueprint.get("/signed-in", endpoint="again")
@allow(Open.SIGNED_IN)
def show_signed_in() -> ResponseReturnValue:
    """After a sign-in in a new tab: the page in the other tab continues."""
    return render_template("sign_in/again.html")


@blueprint.post("/sign-out", endpoint="leave")
@allow(Open.SIGNED_IN)
def sign_out() -> ResponseReturnValue:
    way = this_session().way
    end_session()
    # Behind a proxy the sign-in page would sign the user in again.
    return redirect(url_for("sign_in.out" if way == sign_in_methods.IAP else "sign_in.form"), 303)


@blueprint.get("/password", endpoint="password")
@allow(Open.SIGNED_IN)
@requires_password_sign_in
def password() -> ResponseReturnValue:
    return _password_page(OwnPasswordForm())


@blueprint.post("/password", endpoint="change_password")
@allow(Open.SIGNED_IN)
@requires_password_sign_in
def change_password() -> ResponseReturnValue:
    form = OwnPasswordForm()
    if form.validate_on_submit():
        try:
            before, remembered = me(), cookie.permanent
            other_sessions = sessions.open_sessions(ports(), before, lives())
            user = accounts.change_password(ports(), before.login, form.old.data, form.new.data)
        except (WrongSignIn, TooManyTries):
            form.old.errors = [_("This is not your current password.")]
        except Rejected as error:
            form.new.errors = [str(error)]
        else:
            for session in other_sessions:  # the new password has ended them; this updates their list
                sessions.end_session(ports(), user.login, session.id, user.login)
            enter(user, remembered=remembered)
            flash(_("Your password is changed. All other devices are signed out."), "done")
            return redirect(_next() if before.given_password else url_for("profile.show"), 303)
    return _password_page(form), 422


def _password_page(form: OwnPasswordForm) -> str:
    return render_template(
        "sign_in/password.html", form=form, shortest=MIN_PASSWORD_LENGTH, is_first=me().given_password
    )


def _origin(login: str) -> SignInOrigin:
    return SignInOrigin(request.remote_addr or "", trusted_device(login))


def _next() -> str:
    return own_page(request.args.get("next", ""))
