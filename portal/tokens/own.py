"""Personal tokens of the user; a token never has more rights than its user."""

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_wtf import FlaskForm
from wtforms import BooleanField, SelectField, SelectMultipleField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length

from portal.access import Open, allow
from portal.context import me, ports, scope, tillstream
from portal.tokens import texts
from tillstream.model.errors import Rejected
from tillstream.people import personal_tokens

DAYS = (7, 30, personal_tokens.DEFAULT_DAYS, 180, personal_tokens.MAX_DAYS)


class NewToken(FlaskForm):
    name = StringField(texts.NAME, [InputRequired(texts.NO_NAME), Length(max=60)])
    files_only = BooleanField(texts.FILES_ONLY)
    rights = SelectMultipleField(texts.RIGHTS_FIELD, [InputRequired(texts.NO_RIGHTS)])
    regions = SelectMultipleField(texts.REGIONS)
    days = SelectField(texts.VALID_FOR, coerce=int, choices=[SelectChoice(days, texts.days(days)) for days in DAYS])


def _form() -> NewToken:
    form, regions = NewToken(), scope().regions
    form.rights.choices = [
        SelectChoice(right, texts.RIGHTS[right]) for right in personal_tokens.grantable_rights(scope())
    ]
    regions_offered = tillstream().contracts.regions_to_choose() if regions is None else regions
    form.regions.choices = [SelectChoice(region, region) for region in sorted(regions_offered)]
    if not form.is_submitted():
        form.rights.data, form.days.data = ["numbers"], personal_tokens.DEFAULT_DAYS
        form.files_only.data = request.args.get("files") == "yes"
    return form


@allow(Open.SIGNED_IN)
def show() -> ResponseReturnValue:
    return _page(_form())


@allow(Open.SIGNED_IN)
def make() -> ResponseReturnValue:
    form = _form()
    if not form.validate_on_submit():
        return _page(form), 422
    try:
        token, text = personal_tokens.issue_personal_token(
            ports(),
            me().login,
            form.name.data,
            form.rights.data,
            regions=form.regions.data,
            days=form.days.data,
            files_only=form.files_only.data,
            by=me().login,
        )
    except Rejected as error:
        form.name.errors = [str(error)]
        return _page(form), 422
    # Rendered directly, not after a redirect: the secret must not be stored in a cookie.
    return render_template("tokens/once.html", token=token, secret=text), 201


@allow(Open.SIGNED_IN)
def revoke(token_id: str) -> ResponseReturnValue:
    token = personal_tokens.revoke_personal_token(ports(), token_id, by=me().login, login=me().login)
    flash(texts.revoked(token.name), "done")
    return redirect(url_for("tokens.own"), 303)


def _page(form: NewToken) -> str:
    tokens = personal_tokens.find_personal_tokens(ports(), me().login)
    return render_template("tokens/own.html", tokens=tokens, form=form, words=texts.RIGHTS, now=ports().clock.now())
