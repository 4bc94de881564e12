"""Personal tokens of the user; a token never has more rights than its user."""

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_wtf import FlaskForm
from wtforms import SelectField, SelectMultipleField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length

from portal.access import Open, allow
from portal.context import me, ports, scope, tillstream
from tillstream.domain.errors import Rejected
from tillstream.people import personal_tokens

WORDS = {
    "numbers": "Read numbers: sales, by time, place and product",
    "personal": "Read personal columns: customers and salespeople",
    "uploads": "Read uploads and their receipts",
    "upload": "Upload, correct and reprocess files",
    "decide": "Import, discard and undo uploads",
    "pipeline": "See the pipeline and retry stalled jobs",
}
DAYS = (7, 30, personal_tokens.USUAL_DAYS, 180, personal_tokens.MOST_DAYS)


class NewToken(FlaskForm):
    name = StringField("Name", [InputRequired("Enter a name for the token."), Length(max=60)])
    rights = SelectMultipleField("Rights", [InputRequired("Choose at least one right.")])
    regions = SelectMultipleField("Regions")
    days = SelectField("Valid for", coerce=int, choices=[SelectChoice(days, f"{days} days") for days in DAYS])


def _form() -> NewToken:
    form, regions = NewToken(), scope().regions
    form.rights.choices = [SelectChoice(right, WORDS[right]) for right in personal_tokens.rights_of(scope())]
    regions_offered = tillstream().contracts.regions() if regions is None else regions
    form.regions.choices = [SelectChoice(region, region) for region in sorted(regions_offered)]
    if not form.is_submitted():
        form.rights.data, form.days.data = ["numbers"], personal_tokens.USUAL_DAYS
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
        token, text = personal_tokens.issue(
            ports(),
            me().login,
            form.name.data,
            form.rights.data,
            regions=form.regions.data,
            days=form.days.data,
            by=me().login,
        )
    except Rejected as error:
        form.name.errors = [str(error)]
        return _page(form), 422
    # Rendered directly, not after a redirect: the secret must not be stored in a cookie.
    return render_template("tokens/once.html", token=token, secret=text), 201


@allow(Open.SIGNED_IN)
def revoke(token_id: str) -> ResponseReturnValue:
    token = personal_tokens.revoke(ports(), token_id, by=me().login, login=me().login)
    flash(f"The token “{token.name}” is revoked.", "done")
    return redirect(url_for("tokens.own"), 303)


def _page(form: NewToken) -> str:
    tokens = personal_tokens.find(ports(), me().login)
    return render_template("tokens/own.html", tokens=tokens, form=form, words=WORDS, now=ports().clock.now())
