"""The sign-in area: in, out, and one's own password."""

from flask import Blueprint, flash, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_login import login_user, logout_user
from flask_wtf import FlaskForm
from wtforms import PasswordField, StringField
from wtforms.validators import EqualTo, InputRequired, Length

from portal.access import Open, allow
from portal.context import Person, me, ports, signed_in
from tillstream.domain.errors import Rejected
from tillstream.people import accounts
from tillstream.people.accounts import WrongSignIn
from tillstream.people.backoff import TooManyTries
from tillstream.people.passwords import LONGEST, SHORTEST

blueprint = Blueprint("sign_in", __name__, template_folder="templates")


class SignIn(FlaskForm):
    login = StringField("Name", [InputRequired("Enter your sign-in name."), Length(max=200)])
    password = PasswordField("Password", [InputRequired("Enter your password.")])


class OwnPassword(FlaskForm):
    old = PasswordField("The password you have", [InputRequired("Enter the password you have.")])
    new = PasswordField(
        "A new one",
        [InputRequired("Enter a new password."), Length(SHORTEST, LONGEST, f"Use at least {SHORTEST} characters.")],
    )
    again = PasswordField("The new one again", [EqualTo("new", "This is not the same as the one above.")])


@blueprint.get("/sign-in")
@allow(Open.EVERYBODY)
def form() -> ResponseReturnValue:
    if signed_in():
        return redirect(_next(), 303)
    return render_template("sign_in/form.html", form=SignIn())


@blueprint.post("/sign-in")
@allow(Open.EVERYBODY)
def enter() -> ResponseReturnValue:
    form, status = SignIn(), 422
    if form.validate_on_submit():
        try:
            user = accounts.sign_in(ports(), form.login.data, form.password.data)
        except WrongSignIn as error:
            form.password.errors, status = [str(error)], 401
        except TooManyTries as error:
            form.password.errors, status = [str(error)], 429
        else:
            # A session planted before the sign-in must not become the person's.
            session.clear()
            session.permanent = True
            login_user(Person(user))
            return redirect(_next(), 303)
    return render_template("sign_in/form.html", form=form), status


@blueprint.post("/sign-out")
@allow(Open.SIGNED_IN)
def leave() -> ResponseReturnValue:
    logout_user()
    session.clear()
    return redirect(url_for("sign_in.form"), 303)


@blueprint.get("/password")
@allow(Open.SIGNED_IN)
def password() -> ResponseReturnValue:
    return render_template("sign_in/password.html", form=OwnPassword())


@blueprint.post("/password")
@allow(Open.SIGNED_IN)
def change_password() -> ResponseReturnValue:
    form = OwnPassword()
    if not form.validate_on_submit():
        return render_template("sign_in/password.html", form=form), 422
    try:
        user = accounts.change_password(ports(), me().login, form.old.data, form.new.data)
    except (WrongSignIn, TooManyTries):
        form.old.errors = ["This is not the password you have."]
        return render_template("sign_in/password.html", form=form), 422
    except Rejected as error:
        form.new.errors = [str(error)]
        return render_template("sign_in/password.html", form=form), 422
    login_user(Person(user))
    flash("Your password is changed. Other places where you were signed in are signed out.", "done")
    return redirect(url_for("dashboard.show"), 303)


def _next() -> str:
    """Where the person wanted to go, if that is a page of ours."""
    wanted = request.args.get("next", "")
    ours = (
        wanted.startswith("/") and not wanted.startswith(("//", "/\\")) and not any(ord(sign) < 32 for sign in wanted)
    )
    return wanted if ours else url_for("dashboard.show")
