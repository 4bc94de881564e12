"""Forms of the sign-in pages, with their texts and errors."""

from flask_wtf import FlaskForm
from wtforms import BooleanField, PasswordField, StringField
from wtforms.validators import EqualTo, InputRequired, Length

from portal.translation import N_
from tillstream.model.errors import Rejected
from tillstream.people.passwords import MAX_PASSWORD_LENGTH, MIN_PASSWORD_LENGTH


class IdentityNotVerified(Rejected):
    """No trusted identity provider confirms the user. The message is shown to the user."""


class SignInForm(FlaskForm):
    login = StringField(N_("Name"), [InputRequired(N_("Enter your sign-in name.")), Length(max=200)])
    password = PasswordField(N_("Password"), [InputRequired(N_("Enter your password."))])
    remember = BooleanField(N_("Stay signed in on this device"))


class CodeForm(FlaskForm):
    code = StringField(N_("Code"), [InputRequired(N_("Enter the code that your phone shows.")), Length(max=40)])


class FirstPasswordForm(FlaskForm):
    new = PasswordField(
        N_("Your password"),
        [
            InputRequired(N_("Enter a password.")),
            Length(MIN_PASSWORD_LENGTH, MAX_PASSWORD_LENGTH, N_("Use at least %(min)d characters.")),
        ],
    )
    again = PasswordField(N_("Repeat the password"), [EqualTo("new", N_("The passwords do not match."))])


class OwnPasswordForm(FlaskForm):
    old = PasswordField(N_("Current password"), [InputRequired(N_("Enter your current password."))])
    new = PasswordField(
        N_("New password"),
        [
            InputRequired(N_("Enter a new password.")),
            Length(MIN_PASSWORD_LENGTH, MAX_PASSWORD_LENGTH, N_("Use at least %(min)d characters.")),
        ],
    )
    again = PasswordField(N_("Repeat the new password"), [EqualTo("new", N_("The passwords do not match."))])
