"""The sign-in area's sessions: the person of the session that a browser's cookie opens."""

from flask import request

from portal.context import Person, lives, ports, tillstream
from portal.sign_in import methods
from tillstream.people.sign_in import sessions


def load(key: str) -> Person | None:
    """The person of a session; None once it is over, or the account is gone, disabled or has another password.

    Also where a program shows the API a token: then that alone says who asks.
    """
    if request.path.startswith("/api/") and request.headers.get("Authorization"):
        return None
    found = sessions.current(ports(), key, lives())
    if not found or not methods.holds(tillstream().settings, *found):
        return None
    return Person(found[1], session=found[0], key=key)
