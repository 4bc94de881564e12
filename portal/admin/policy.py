"""Sign-in rules: roles that require two-factor sign-in."""

from collections import Counter

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from portal.access import allow, requires_password_sign_in
from portal.admin import texts
from portal.context import lives, me, ports, tillstream
from tillstream.model.errors import Rejected
from tillstream.model.people import Action, Role
from tillstream.people import accounts, passwords, two_factor


@allow(Action.ADMINISTER)
def show() -> ResponseReturnValue:
    people = accounts.all_users(ports())
    return render_template(
        "admin/policy.html",
        required=two_factor.second_factor_roles(ports()),
        roles=list(Role),
        without=Counter(one.role for one in people if not (one.second_step or one.disabled)),
        lives=lives(),
        issuer=tillstream().settings.oidc_issuer,
        shortest=passwords.MIN_PASSWORD_LENGTH,
    )


@allow(Action.ADMINISTER)
@requires_password_sign_in
def save() -> ResponseReturnValue:
    selected = request.form.getlist("roles")
    if not set(selected) <= set(Role):
        raise Rejected(texts.unknown_role(Role))
    two_factor.require_second_factor(ports(), [Role(role) for role in selected], me().login)
    flash(texts.RULES_SAVED, "done")
    return redirect(url_for("admin.policy"), 303)
