"""Rate limit of the API per token, else per user, else per address."""

from flask import Blueprint, request
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address

from portal import token_auth
from portal.context import me, shown_token, signed_in, tillstream
from tillstream.people.store_credentials import STORE_TOKEN_PATTERN

UNLIMITED = frozenset({"api.sales", "api.sending", "api.send_piece", "api.sync", "api.healthz"})


def who() -> str:
    """Rate-limit key of the request."""
    till = STORE_TOKEN_PATTERN.fullmatch(token_auth.shown())
    if till:
        return f"token {till[1]}"
    if not signed_in():
        return f"address {get_remote_address()}"
    token = shown_token()
    return f"token {token.id}" if token else f"person {me().login}"


def rate() -> str:
    return tillstream().settings.api_rate


def unlimited() -> bool:
    """Whether the endpoint is exempt: tills, homes, health checks and resumable uploads send many requests."""
    return request.endpoint in UNLIMITED


def limit(limiter: Limiter, blueprint: Blueprint) -> None:
    limiter.limit(rate, key_func=who, exempt_when=unlimited)(blueprint)
