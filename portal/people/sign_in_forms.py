"""Forms of the sign-in pages, with their texts and errors."""

from flask_wtf import FlaskForm
from wtforms import BooleanField, PasswordField, StringField
from wtforms.validators import EqualTo, InputRequired, Length

from tillstream.model.errors import Rejected
from tillstream.people.passwords import MAX_PASSWORD_LENGTH, MIN_PASSWORD_LENGTH

NAME, NO_NAME = "Name", "Enter your sign-in name."
PASSWORD, NO_PASSWORD = "Password", "Enter your password."
REMEMBER = "Stay signed in on this device"
CODE, NO_CODE = "Code", "Enter the code that your phone shows."
FIRST, NO_FIRST, FIRST_AGAIN = "Your password", "Enter a password.", "Repeat the password"
OLD, NO_OLD, WRONG_OLD = "Current password", "Enter your current password.", "This is not your current password."
NEW, NO_NEW, NEW_AGAIN = "New password", "Enter a new password.", "Repeat the new password"
TOO_SHORT = f"Use at least {MIN_PASSWORD_LENGTH} characters."
DIFFERENT = "The passwords do not match."
CODE_EXPIRED = "That took too long. Enter your name and password again."
PASSWORD_SET = "Your password is set."  # noqa: S105 - a sentence
PASSWORD_CHANGED = "Your password is changed. All other devices are signed out."  # noqa: S105 - a sentence

AROUND_PROXY = "This address bypasses your company's sign-in. Open the address that you were given."
PROXY_NOT_VERIFIED = "Your company's sign-in could not be verified. Reload the page."
_AGAIN = "Try again. If it fails again, contact an administrator."
UNREACHABLE = "Your company's sign-in cannot be reached. Try again in a moment."
NOT_VERIFIED = f"Your company's sign-in could not be verified. {_AGAIN}"
NO_IDENTITY = f"Your company's sign-in did not return your identity. {_AGAIN}"
EMAIL_NOT_VERIFIED = "Your company's sign-in has not verified your email address. Contact an administrator."


class IdentityNotVerified(Rejected):
    """No trusted identity provider confirms the user. The message is shown to the user."""


class SignInForm(FlaskForm):
    login = StringField(NAME, [InputRequired(NO_NAME), Length(max=200)])
    password = PasswordField(PASSWORD, [InputRequired(NO_PASSWORD)])
    remember = BooleanField(REMEMBER)


class CodeForm(FlaskForm):
    code = StringField(CODE, [InputRequired(NO_CODE), Length(max=40)])


class FirstPasswordForm(FlaskForm):
    new = PasswordField(FIRST, [InputRequired(NO_FIRST), Length(MIN_PASSWORD_LENGTH, MAX_PASSWORD_LENGTH, TOO_SHORT)])
    again = PasswordField(FIRST_AGAIN, [EqualTo("new", DIFFERENT)])


class OwnPasswordForm(FlaskForm):
    old = PasswordField(OLD, [InputRequired(NO_OLD)])
    new = PasswordField(NEW, [InputRequired(NO_NEW), Length(MIN_PASSWORD_LENGTH, MAX_PASSWORD_LENGTH, TOO_SHORT)])
    again = PasswordField(NEW_AGAIN, [EqualTo("new", DIFFERENT)])
