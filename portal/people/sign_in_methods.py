"""Sign-in methods: local passwords, an OpenID Connect provider or an authenticating proxy, and the session cookie."""

from flask import Flask, current_app, request

from portal.context import SignedInUser, lives, ports, tillstream
from portal.people.sign_in_forms import IdentityNotVerified
from portal.translation import _
from tillstream.people import sessions
from tillstream.people.account_store import User
from tillstream.people.external_identities import ExternalIdentity
from tillstream.people.sessions import Session
from tillstream.settings import Settings

OIDC, IAP = "oidc", "iap"
ASSERTION = "X-Goog-IAP-JWT-Assertion"
ISSUER = "https://cloud.google.com/iap"
KEYS = "https://www.gstatic.com/iap/verify/public_key-jwk"
EXTENSION = "tillstream.ways"


def register(app: Flask, settings: Settings) -> None:
    """Set up the sign-in method of the settings; its libraries are imported only if needed."""
    if settings.sign_in == IAP:
        from tillstream.people.jwt_verifier import JWTVerifier

        app.extensions[EXTENSION] = JWTVerifier((ISSUER,), "ES256", KEYS)
    elif settings.sign_in == OIDC:
        from portal.people.oidc import Provider

        app.extensions[EXTENSION] = Provider(app, settings)
    app.jinja_env.globals.update(passwords_open=settings.passwords_open, way_in=settings.sign_in)


def is_valid_session(settings: Settings, session: Session, user: User) -> bool:
    """Whether the sign-in method of a session is still enabled and, for a proxy, still confirms the same user."""
    if not session.way:
        return settings.passwords_open
    if session.way != settings.sign_in:
        return False
    if session.way != IAP:
        return True
    try:
        return proved_by_proxy(settings).email.casefold() == user.login
    except IdentityNotVerified:
        return False


def proved_by_proxy(settings: Settings) -> ExternalIdentity:
    """Identity in the signed header of the proxy; its unsigned headers could be forged.

    Raises `IdentityNotVerified`, and `Unavailable` if the keys of the proxy cannot be fetched.
    """
    from tillstream.people.jwt_verifier import InvalidToken, JWTVerifier

    signer: JWTVerifier = current_app.extensions[EXTENSION]
    shown = request.headers.get(ASSERTION, "")
    if not shown:
        raise IdentityNotVerified(
            _("This address bypasses your company's sign-in. Open the address that you were given.")
        )
    try:
        claims = signer.claims(shown, settings.iap_audience)
    except InvalidToken as error:
        current_app.logger.warning("an assertion of the proxy was rejected: %s", error)
        raise IdentityNotVerified(_("Your company's sign-in could not be verified. Reload the page.")) from error
    return ExternalIdentity(ISSUER, str(claims["sub"]), str(claims.get("email", "")))


def load_session_user(key: str) -> SignedInUser | None:
    """User of a session; None if it has ended, or the account is deleted, disabled or has a new password.

    Also None for an API request with an `Authorization` header, which alone identifies the caller.
    """
    if request.path.startswith("/api/") and request.headers.get("Authorization"):
        return None
    session_and_user = sessions.current_session(ports(), key, lives())
    if not session_and_user or not is_valid_session(tillstream().settings, *session_and_user):
        return None
    return SignedInUser(session_and_user[1], session=session_and_user[0], key=key)
