"""Personal tokens of all users, for admins to see their use and revoke them."""

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from portal import list_view
from portal.access import allow
from portal.context import me, ports
from portal.tokens import texts
from tillstream.model.people import Action
from tillstream.people import personal_tokens

PER_PAGE = 50


@allow(Action.ADMINISTER)
def show() -> ResponseReturnValue:
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
        words=texts.RIGHTS,
        now=now,
    )


@allow(Action.ADMINISTER)
def revoke(token_id: str) -> ResponseReturnValue:
    token = personal_tokens.revoke_personal_token(ports(), token_id, by=me().login)
    flash(texts.revoked_of(token.login, token.name), "done")
    return redirect(url_for("tokens.everybody"), 303)
