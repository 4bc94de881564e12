"""Pages of personal tokens, with which programs call the API: create, list and revoke."""

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue
from wtforms import BooleanField, SelectField, SelectMultipleField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length

from portal import list_view
from portal.access import Open, allow
from portal.context import me, ports, scope, tillstream
from portal.managed import ManagedForm, ManagedPages, shown_once
from portal.translation import N_, _
from tillstream.model.permissions import Action
from tillstream.people import personal_tokens
from tillstream.ports import Ports

RIGHTS = N_(
    {
        "numbers": "Read numbers: sales, by time, place and product",
        "personal": "Read personal columns: customers and salespeople",
        "uploads": "Read uploads and their receipts",
        "upload": "Upload, correct and reprocess files",
        "decide": "Import, discard and undo uploads",
        "pipeline": "See the pipeline and retry stalled jobs",
        "quality": "See data quality",
        "stock": "Record stock movements, and change the catalogue and goals",
    }
)
"""Right of a token → what it allows."""

DAYS = (7, 30, personal_tokens.DEFAULT_DAYS, 180, personal_tokens.MAX_DAYS)
PER_PAGE = 50
blueprint = Blueprint("tokens", __name__, template_folder="templates")


class NewPersonalToken(ManagedForm):
    name = StringField(N_("Name"), [InputRequired(N_("Enter a name for the token.")), Length(max=60)])
    files_only = BooleanField(
        N_("Only for live files of spreadsheets and BI tools; the token can be part of an address, and only reads")
    )
    rights = SelectMultipleField(N_("Rights"), [InputRequired(N_("Choose at least one right."))])
    regions = SelectMultipleField(N_("Regions"))
    days = SelectField(N_("Valid for"), coerce=int)


def _form() -> NewPersonalToken:
    form, regions = NewPersonalToken(), scope().regions
    form.days.choices = [SelectChoice(days, _("{count} days", count=days)) for days in DAYS]
    form.rights.choices = [SelectChoice(right, RIGHTS[right]) for right in personal_tokens.grantable_rights(scope())]
    regions_offered = tillstream().contracts.regions_to_choose() if regions is None else regions
    form.regions.choices = [SelectChoice(region, region) for region in sorted(regions_offered)]
    if not form.is_submitted():
        form.rights.data, form.days.data = ["numbers"], personal_tokens.DEFAULT_DAYS
        form.files_only.data = request.args.get("files") == "yes"
    return form


@allow(Open.SIGNED_IN)
def show_own_tokens() -> ResponseReturnValue:
    return _page(_form())


@allow(Open.SIGNED_IN)
def create_token() -> ResponseReturnValue:
    form = _form()

    def create() -> ResponseReturnValue:
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
        return shown_once("tokens/once.html", text, url_for("tokens.own"), token=token)

    return form.saved(lambda: _page(form), create)


def revoke_own_token(ports: Ports, token_id: str, by: str) -> str:
    token = personal_tokens.revoke_personal_token(ports, token_id, by=by, login=by)
    return _("The token “{name}” is revoked.", name=token.name)


def _page(form: NewPersonalToken) -> str:
    tokens = personal_tokens.find_personal_tokens(ports(), me().login)
    return render_template("tokens/own.html", tokens=tokens, form=form, words=RIGHTS, now=ports().clock.now())


@allow(Action.ADMINISTER)
def show_all_tokens() -> ResponseReturnValue:
    filters = {name: request.args.get(name, "") for name in ("q", "state")}
    page = list_view.page_number(request.args)
    now, words = ports().clock.now(), filters["q"].casefold().split()
    matches = [
        one
        for one in personal_tokens.find_personal_tokens(ports())
        if all(word in f"{one.login} {one.name} {one.id}".casefold() for word in words)
        and filters["state"] in {"", one.state(now)}
    ]
    first = (page - 1) * PER_PAGE
    return render_template(
        "tokens/everybody.html",
        tokens=matches[first : first + PER_PAGE],
        more=len(matches) > first + PER_PAGE,
        page=page,
        filters=filters,
        words=RIGHTS,
        now=now,
    )


def revoke_any_token(ports: Ports, token_id: str, by: str) -> str:
    token = personal_tokens.revoke_personal_token(ports, token_id, by=by)
    return _("The token “{name}” of {login} is revoked.", name=token.name, login=token.login)


blueprint.add_url_rule("/tokens", "own", show_own_tokens)
blueprint.add_url_rule("/tokens", "make", create_token, methods=["POST"])
blueprint.add_url_rule("/tokens/everybody", "everybody", show_all_tokens)
ManagedPages(blueprint, "/tokens/<token_id>", page="", listing="own", access=Open.SIGNED_IN).button(
    "revoke", revoke_own_token
)
ManagedPages(blueprint, "/tokens/everybody/<token_id>", page="", listing="everybody").button(
    "revoke", revoke_any_token, endpoint="revoke_any"
)
