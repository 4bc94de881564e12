"""The admin area's people: add, change, stop, let in again, give a new password."""

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_wtf import FlaskForm
from wtforms import SelectField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length

from portal.access import allow
from portal.context import me, ports, tillstream
from tillstream.domain.errors import Conflict, Rejected
from tillstream.domain.people import Action, Role
from tillstream.people import accounts
from tillstream.people.user import User

ROLES = {
    Role.CLERK: "Clerk: uploads and corrects files",
    Role.MANAGER: "Manager: also decides and undoes",
    Role.ANALYST: "Analyst: sees numbers, no names",
    Role.SALESPERSON: "Salesperson: sees own sales",
    Role.ADMIN: "Admin: everything",
}


class KnownPerson(FlaskForm):
    name = StringField("Name", [Length(max=100)])
    role = SelectField("Role", choices=[SelectChoice(role.value, words) for role, words in ROLES.items()])
    regions = StringField("Regions", [Length(max=500)])
    stores = StringField("Stores", [Length(max=500)])
    salesperson = StringField("Salesperson id", [Length(max=60)])

    def given(self) -> dict[str, Any]:
        """What the form says, as the people room takes it."""
        return {
            "name": self.name.data or "",
            "role": Role(self.role.data),
            "regions": (self.regions.data or "").split(","),
            "stores": (self.stores.data or "").split(","),
            "salesperson": self.salesperson.data or "",
            "known": tillstream().book.regions(),
            "by": me().login,
        }


class NewPerson(KnownPerson):
    login = StringField("Sign-in name", [InputRequired("Enter a sign-in name."), Length(max=60)])


@allow(Action.ADMINISTER)
def show() -> ResponseReturnValue:
    return _page(NewPerson())


@allow(Action.ADMINISTER)
def add() -> ResponseReturnValue:
    form = NewPerson()
    if not form.validate_on_submit():
        return _page(form), 422
    try:
        password = accounts.add(ports(), form.login.data, **form.given())
    except (Rejected, Conflict) as error:
        _tell(form, error)
        return _page(form), 422
    return _once(form.login.data, password)


@allow(Action.ADMINISTER)
def person(login: str) -> ResponseReturnValue:
    """One account: what it may do and see, to be changed; and what was changed before."""
    one = accounts.get(ports(), login)
    form = KnownPerson(
        name=one.name,
        role=one.role.value,
        regions=", ".join(one.regions),
        stores=", ".join(one.stores),
        salesperson=one.salesperson or "",
    )
    return _one_page(one, form)


@allow(Action.ADMINISTER)
def change(login: str) -> ResponseReturnValue:
    one, form = accounts.get(ports(), login), KnownPerson()
    if one.login == me().login:
        raise Rejected("You cannot change your own account; another admin can.")
    if not form.validate_on_submit():
        return _one_page(one, form), 422
    try:
        accounts.assign(ports(), one.login, **form.given())
    except Rejected as error:
        _tell(form, error)
        return _one_page(one, form), 422
    flash(f"{one.login} is changed; it counts from their next click on.", "done")
    return redirect(url_for("admin.person", login=one.login), 303)


def _tell(form: KnownPerson, error: Exception) -> None:
    """An error stands under the field that it is about."""
    name = getattr(error, "field", "login" if isinstance(error, Conflict) else "name")
    form[name].errors = [str(error)]


def _one_page(one: User, form: KnownPerson) -> str:
    return render_template(
        "admin/person.html",
        one=one,
        form=form,
        regions=tillstream().book.regions(),
        changes=accounts.changes(ports(), one.login),
        me=me(),
    )


@allow(Action.ADMINISTER)
def disable(login: str) -> ResponseReturnValue:
    if login == me().login:
        raise Rejected("You cannot stop your own account; another admin can.")
    accounts.disable(ports(), login, by=me().login)
    flash(f"{login} is signed out and cannot sign in.", "done")
    return redirect(url_for("admin.people"), 303)


@allow(Action.ADMINISTER)
def enable(login: str) -> ResponseReturnValue:
    accounts.enable(ports(), login, by=me().login)
    flash(f"{login} may sign in again.", "done")
    return redirect(url_for("admin.people"), 303)


@allow(Action.ADMINISTER)
def reset(login: str) -> ResponseReturnValue:
    if login == me().login:
        raise Rejected("Change your own password on its page.")
    return _once(login, accounts.reset_password(ports(), login, by=me().login))


def _page(form: NewPerson) -> str:
    regions = tillstream().book.regions()
    if request.method == "GET":
        form.regions.data = ""
    return render_template("admin/people.html", people=accounts.find(ports()), form=form, regions=regions, me=me())


def _once(login: str, password: str) -> ResponseReturnValue:
    # Answered at once and not through a redirect: the password must not rest in a cookie.
    words = f"The password of {login.strip().casefold()}"
    return render_template("admin/once.html", words=words, secret=password, back=url_for("admin.people")), 201
