"""Forms of the sign-in pages."""

from flask_wtf import FlaskForm
from wtforms import BooleanField, PasswordField, StringField
from wtforms.validators import EqualTo, InputRequired, Length

from tillstream.people.passwords import MAX_LENGTH, MIN_LENGTH

TOO_SHORT = f"Use at least {MIN_LENGTH} characters."


class SignIn(FlaskForm):
    login = StringField("Name", [InputRequired("Enter your sign-in name."), Length(max=200)])
    password = PasswordField("Password", [InputRequired("Enter your password.")])
    remember = BooleanField("Stay signed in on this device")


class Code(FlaskForm):
    code = StringField("Code", [InputRequired("Enter the code that your phone shows."), Length(max=40)])


class FirstPassword(FlaskForm):
    new = PasswordField(
        "Your password", [InputRequired("Enter a password."), Length(MIN_LENGTH, MAX_LENGTH, TOO_SHORT)]
    )
    again = PasswordField("Repeat the password", [EqualTo("new", "The passwords do not match.")])


class OwnPassword(FlaskForm):
    old = PasswordField("Current password", [InputRequired("Enter your current password.")])
    new = PasswordField(
        "New password", [InputRequired("Enter a new password."), Length(MIN_LENGTH, MAX_LENGTH, TOO_SHORT)]
    )
    again = PasswordField("Repeat the new password", [EqualTo("new", "The passwords do not match.")])
