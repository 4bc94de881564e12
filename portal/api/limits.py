"""The API area's brake: so many calls in a time for each token, else each person, else each address."""

from flask import Blueprint, request
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address

from portal.context import me, shown_token, signed_in, tillstream

UNLIMITED = frozenset(
    {"api.sales", "api.sending", "api.send_piece", "api.healthz", "health.live", "health.ready", "health.metrics"}
)


def who() -> str:
    """Whose calls are counted together."""
    if not signed_in():
        return f"address {get_remote_address()}"
    token = shown_token()
    return f"token {token.id}" if token else f"person {me().login}"


def rate() -> str:
    return tillstream().settings.api_rate


def unlimited() -> bool:
    """Tills send as fast as their store sells, and whoever asks for signs of life asks often; so do files in pieces."""
    return request.endpoint in UNLIMITED


def limit(limiter: Limiter, blueprint: Blueprint) -> None:
    limiter.limit(rate, key_func=who, exempt_when=unlimited)(blueprint)
