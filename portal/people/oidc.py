"""OpenID Connect: authorization code with PKCE, state and nonce, and a verified id token."""

from authlib.common.errors import AuthlibBaseError
from authlib.integrations.flask_client import OAuth
from flask import Flask, current_app
from flask.typing import ResponseReturnValue
from joserfc.errors import JoseError
from requests import RequestException

from portal.people.sign_in_forms import IdentityNotVerified
from portal.translation import _
from tillstream.model.errors import Unavailable
from tillstream.people.external_identities import ExternalIdentity
from tillstream.settings import Settings

DISCOVERY = "/.well-known/openid-configuration"
DEADLINE = 10
LEEWAY = 60


class Provider:
    """Client of the provider; its discovery document and keys are fetched at the first sign-in and cached."""

    def __init__(self, app: Flask, settings: Settings) -> None:
        self._issuer, self._client_id = settings.oidc_issuer, settings.oidc_client_id
        self._client = OAuth(app).register(
            "company",
            client_id=settings.oidc_client_id,
            client_secret=settings.oidc_client_secret.get_secret_value(),
            server_metadata_url=settings.oidc_issuer.rstrip("/") + DISCOVERY,
            client_kwargs={
                "scope": "openid email profile",
                "code_challenge_method": "S256",
                "default_timeout": DEADLINE,
            },
        )

    def begin(self, back: str) -> ResponseReturnValue:
        """Redirect to the provider, which returns to the address `back`. Raises `Unavailable`."""
        try:
            answer: ResponseReturnValue = self._client.authorize_redirect(back)
        except (RequestException, RuntimeError, ValueError) as error:
            raise Unavailable(_("Your company's sign-in cannot be reached. Try again in a moment.")) from error
        return answer

    def finish(self) -> ExternalIdentity:
        """Verified identity of the provider's callback. Raises `IdentityNotVerified`, `Unavailable`."""
        expected_claims = {"iss": {"value": self._issuer}, "aud": {"value": self._client_id}}
        try:
            claims = self._client.authorize_access_token(claims_options=expected_claims, leeway=LEEWAY).get("userinfo")
        except (AuthlibBaseError, JoseError, ValueError) as error:
            # Log the class only: a provider may put submitted data into the message.
            current_app.logger.warning("a sign-in by the provider was rejected: %s", type(error).__name__)
            raise IdentityNotVerified(
                _(
                    "Your company's sign-in could not be verified. Try again. "
                    "If it fails again, contact an administrator."
                )
            ) from error
        except RequestException as error:
            raise Unavailable(_("Your company's sign-in cannot be reached. Try again in a moment.")) from error
        if not claims:
            raise IdentityNotVerified(
                _(
                    "Your company's sign-in did not return your identity. Try again. "
                    "If it fails again, contact an administrator."
                )
            )
        if claims.get("email_verified") not in (True, "true") or not claims.get("email"):
            raise IdentityNotVerified(
                _("Your company's sign-in has not verified your email address. Contact an administrator.")
            )
        return ExternalIdentity(self._issuer, str(claims["sub"]), str(claims["email"]))
