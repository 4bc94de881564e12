"""Forms of the sign-in pages."""

from flask_wtf import FlaskForm
from wtforms import BooleanField, PasswordField, StringField
from wtforms.validators import EqualTo, InputRequired, Length

from portal.sign_in import texts
from tillstream.people.passwords import MAX_PASSWORD_LENGTH, MIN_PASSWORD_LENGTH


class SignIn(FlaskForm):
    login = StringField(texts.NAME, [InputRequired(texts.NO_NAME), Length(max=200)])
    password = PasswordField(texts.PASSWORD, [InputRequired(texts.NO_PASSWORD)])
    remember = BooleanField(texts.REMEMBER)


class Code(FlaskForm):
    code = StringField(texts.CODE, [InputRequired(texts.NO_CODE), Length(max=40)])


class FirstPassword(FlaskForm):
    new = PasswordField(
        texts.FIRST, [InputRequired(texts.NO_FIRST), Length(MIN_PASSWORD_LENGTH, MAX_PASSWORD_LENGTH, texts.TOO_SHORT)]
    )
    again = PasswordField(texts.FIRST_AGAIN, [EqualTo("new", texts.DIFFERENT)])


class OwnPassword(FlaskForm):
    old = PasswordField(texts.OLD, [InputRequired(texts.NO_OLD)])
    new = PasswordField(
        texts.NEW, [InputRequired(texts.NO_NEW), Length(MIN_PASSWORD_LENGTH, MAX_PASSWORD_LENGTH, texts.TOO_SHORT)]
    )
    again = PasswordField(texts.NEW_AGAIN, [EqualTo("new", texts.DIFFERENT)])
