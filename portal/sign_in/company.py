"""Sign-in by an external identity provider: OpenID Connect, or an authenticating proxy."""

from typing import TYPE_CHECKING

from flask import abort, current_app, redirect, render_template, request, url_for
from flask import session as cookie
from flask.typing import ResponseReturnValue

from portal.access import Open, allow
from portal.context import enter, ports, tillstream
from portal.sign_in import methods
from portal.urls import own_page
from tillstream.people import external_identities
from tillstream.people.account_store import User

if TYPE_CHECKING:
    from portal.sign_in.oidc import Provider

WANTED = "wanted"
"""Cookie key of the page to open after sign-in."""


@allow(Open.EVERYBODY)
def begin() -> ResponseReturnValue:
    """Redirect to the provider; from another address than the public one, first to that, which the cookie is for."""
    provider, public = _provider(), tillstream().settings.public_url
    if public and public != request.host_url.rstrip("/"):
        return redirect(public + url_for("sign_in.begin", next=request.args.get("next")), 303)
    cookie[WANTED] = request.args.get("next", "")
    return provider.begin(url_for("sign_in.returned", _external=True))  # it accepts registered addresses only


@allow(Open.EVERYBODY)
def returned() -> ResponseReturnValue:
    """Callback of the provider: verify the identity and start a session."""
    identity = _provider().finish()
    wanted = own_page(str(cookie.get(WANTED, "")))
    enter(external_identities.sign_in_externally(ports(), identity), way=methods.OIDC)
    return redirect(wanted, 303)


@allow(Open.EVERYBODY)
def out() -> ResponseReturnValue:
    if tillstream().settings.sign_in != methods.IAP:
        abort(404)
    return render_template("sign_in/out.html")


def through_proxy() -> User | None:
    """User authenticated by the proxy; None without a proxy, or without its header if local accounts are allowed.

    Raises `IdentityNotVerified`, `NotInvited`, `TooManyTries`, `Unavailable`.
    """
    settings = tillstream().settings
    if settings.sign_in != methods.IAP or (settings.local_accounts and methods.ASSERTION not in request.headers):
        return None
    return external_identities.sign_in_externally(ports(), methods.proved_by_proxy(settings))


def _provider() -> "Provider":
    if tillstream().settings.sign_in != methods.OIDC:
        abort(404)
    provider: Provider = current_app.extensions[methods.EXTENSION]
    return provider
