"""Devices on which somebody has signed in: a signed cookie, which keeps the tries of strangers from counting there."""

import hashlib
import secrets
from contextlib import suppress

from flask import Response, after_this_request, current_app, request
from itsdangerous import BadData, URLSafeTimedSerializer

from tillstream.people.account_store import normalize_login

COOKIE = "tillstream-device"
PATH = "/sign-in"
A_YEAR = 365 * 86_400
MAX_NAMES = 10
"""People who share a device; the cookie stays small."""


def find(login: str) -> str:
    """Return the id of this device if the owner of the name has signed in on it, else empty text."""
    device, names = _read()
    return device if _hash(login) in names else ""


def remember(login: str) -> None:
    """Send a cookie that proves this sign-in."""
    device, names = _read()
    names = [_hash(login), *(name for name in names if name != _hash(login))][:MAX_NAMES]
    text = _serializer().dumps([device or secrets.token_hex(8), names])

    @after_this_request
    def send(response: Response) -> Response:
        secure = bool(current_app.config["SESSION_COOKIE_SECURE"])
        response.set_cookie(COOKIE, text, max_age=A_YEAR, path=PATH, secure=secure, httponly=True, samesite="Lax")
        return response


def _read() -> tuple[str, list[str]]:
    with suppress(BadData):
        device, names = _serializer().loads(request.cookies.get(COOKIE, ""), max_age=A_YEAR)
        return device, names
    return "", []


def _serializer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(str(current_app.secret_key), salt=COOKIE)


def _hash(login: str) -> str:
    return hashlib.sha256(normalize_login(login).encode()).hexdigest()[:16]
