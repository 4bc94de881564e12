"""Sign-in pages: password, second factor, invitation links, sign-out and password change."""

from flask import Blueprint, flash, jsonify, redirect, render_template, request, url_for
from flask import session as cookie
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import generate_csrf

from portal.access import Open, allow, requires_password_sign_in
from portal.context import enter as begin_session
from portal.context import leave as end_session
from portal.context import lives, me, ports, signed_in, this_session
from portal.sign_in import company, known_devices, methods, texts
from portal.sign_in.forms import Code, FirstPassword, OwnPassword, SignIn
from portal.urls import own_page
from tillstream.model.errors import NotFound, Rejected
from tillstream.people import accounts, invitation_links, sessions, two_factor
from tillstream.people.account_store import User
from tillstream.people.accounts import WrongSignIn
from tillstream.people.passwords import MIN_PASSWORD_LENGTH, SignInOrigin, TooManyTries
from tillstream.people.two_factor import WrongCode

blueprint = Blueprint("sign_in", __name__, template_folder="templates")

blueprint.add_url_rule("/sign-in/company", "begin", company.begin)
blueprint.add_url_rule("/sign-in/returned", "returned", company.returned)
blueprint.add_url_rule("/signed-out", "out", company.out)

HALF = "half"
"""Cookie key of a sign-in with a correct password and no code yet."""
PATIENCE = 300
"""Seconds in which the code must be entered."""


@blueprint.get("/sign-in")
@allow(Open.EVERYBODY)
def form() -> ResponseReturnValue:
    if signed_in():
        return redirect(_next(), 303)
    through = company.through_proxy()
    if through:
        begin_session(through, way=methods.IAP)
        return redirect(_next(), 303)
    return render_template("sign_in/form.html", form=SignIn(), days=lives().longest.days)


@blueprint.post("/sign-in")
@allow(Open.EVERYBODY)
@requires_password_sign_in
def enter() -> ResponseReturnValue:
    form, status = SignIn(), 422
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
            return _in(user, remembered=bool(form.remember.data))
    return render_template("sign_in/form.html", form=form, days=lives().longest.days), status


def _in(user: User, *, remembered: bool) -> ResponseReturnValue:
    """Start the session, or ask for the code first."""
    if not user.second_step:
        begin_session(user, remembered=remembered)
        known_devices.remember(user.login)
        return redirect(_next(), 303)
    cookie.clear()
    now = int(ports().clock.now().timestamp())
    cookie[HALF] = {"login": user.login, "stamp": user.stamp, "at": now, "remembered": remembered}
    return redirect(url_for("sign_in.code", next=request.args.get("next")), 303)


@blueprint.get("/sign-in/code")
@allow(Open.EVERYBODY)
@requires_password_sign_in
def code() -> ResponseReturnValue:
    if _half() is None:
        return redirect(url_for("sign_in.form", next=request.args.get("next")), 303)
    return render_template("sign_in/code.html", form=Code())


@blueprint.post("/sign-in/code")
@allow(Open.EVERYBODY)
@requires_password_sign_in
def check_code() -> ResponseReturnValue:
    form, status, half = Code(), 422, _half()
    if half is None:
        flash(texts.CODE_EXPIRED, "wrong")
        return redirect(url_for("sign_in.form", next=request.args.get("next")), 303)
    if form.validate_on_submit():
        try:
            user = two_factor.check_second_factor(ports(), half.login, form.code.data)
        except WrongCode as error:
            form.code.errors, status = [str(error)], 401
        except TooManyTries as error:
            form.code.errors, status = [str(error)], 429
        else:
            begin_session(user, remembered=bool(cookie[HALF]["remembered"]))
            known_devices.remember(user.login)
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


@blueprint.get("/join/<text>")
@allow(Open.EVERYBODY)
@requires_password_sign_in
def join(text: str) -> ResponseReturnValue:
    """Show an invitation. This does not use up the link, as mail programs fetch links in advance."""
    return render_template(
        "sign_in/join.html",
        form=FirstPassword(),
        link=invitation_links.get_link(ports(), text),
        shortest=MIN_PASSWORD_LENGTH,
    )


@blueprint.post("/join/<text>")
@allow(Open.EVERYBODY)
@requires_password_sign_in
def take(text: str) -> ResponseReturnValue:
    link, form = invitation_links.get_link(ports(), text), FirstPassword()
    if form.validate_on_submit():
        try:
            user = invitation_links.redeem_link(ports(), text, form.new.data)
        except invitation_links.NoSuchInvitationLink:
            raise
        except Rejected as error:
            form.new.errors = [str(error)]
        else:
            answer = _in(user, remembered=False)  # clears the previous session
            flash(texts.PASSWORD_SET, "done")
            return answer
    return render_template("sign_in/join.html", form=form, link=link, shortest=MIN_PASSWORD_LENGTH), 422


@blueprint.get("/session")
@allow(Open.EVERYBODY)
def current() -> ResponseReturnValue:
    """Who is signed in in this browser, and the token for changes; an empty name if no session is open."""
    return jsonify({"login": me().login if signed_in() else "", "token": generate_csrf()})


@blueprint.get("/signed-in")
@allow(Open.SIGNED_IN)
def again() -> ResponseReturnValue:
    """After a sign-in in a new tab: the page in the other tab continues."""
    return render_template("sign_in/again.html")


@blueprint.post("/sign-out")
@allow(Open.SIGNED_IN)
def leave() -> ResponseReturnValue:
    way = this_session().way
    end_session()
    # Behind a proxy the sign-in page would sign the user in again.
    return redirect(url_for("sign_in.out" if way == methods.IAP else "sign_in.form"), 303)


@blueprint.get("/password")
@allow(Open.SIGNED_IN)
@requires_password_sign_in
def password() -> ResponseReturnValue:
    return _password_page(OwnPassword())


@blueprint.post("/password")
@allow(Open.SIGNED_IN)
@requires_password_sign_in
def change_password() -> ResponseReturnValue:
    form = OwnPassword()
    if form.validate_on_submit():
        try:
            before, remembered = me(), cookie.permanent
            other_sessions = sessions.open_sessions(ports(), before, lives())
            user = accounts.change_password(ports(), before.login, form.old.data, form.new.data)
        except (WrongSignIn, TooManyTries):
            form.old.errors = [texts.WRONG_OLD]
        except Rejected as error:
            form.new.errors = [str(error)]
        else:
            for session in other_sessions:  # the new password has ended them; this updates their list
                sessions.end_session(ports(), user.login, session.id, user.login)
            begin_session(user, remembered=remembered)
            flash(texts.PASSWORD_CHANGED, "done")
            return redirect(_next() if before.given_password else url_for("profile.show"), 303)
    return _password_page(form), 422


def _password_page(form: OwnPassword) -> str:
    return render_template(
        "sign_in/password.html", form=form, shortest=MIN_PASSWORD_LENGTH, is_first=me().given_password
    )


def _origin(login: str) -> SignInOrigin:
    return SignInOrigin(request.remote_addr or "", known_devices.find(login))


def _next() -> str:
    return own_page(request.args.get("next", ""))
