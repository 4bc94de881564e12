"""Authentication of requests by the session cookie of a browser."""

from flask import request

from portal.context import Person, lives, ports, tillstream
from portal.sign_in import methods
from tillstream.people import sessions


def load(key: str) -> Person | None:
    """User of a session; None if it has ended, or the account is deleted, disabled or has a new password.

    Also None for an API request with an `Authorization` header, which alone identifies the caller.
    """
    if request.path.startswith("/api/") and request.headers.get("Authorization"):
        return None
    session_and_user = sessions.current_session(ports(), key, lives())
    if not session_and_user or not methods.is_valid_session(tillstream().settings, *session_and_user):
        return None
    return Person(session_and_user[1], session=session_and_user[0], key=key)
