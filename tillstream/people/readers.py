"""Readers of what is made later than it was requested: files of subscriptions, exports in the background, reports."""

from tillstream.domain.errors import NotFound, Rejected
from tillstream.domain.people import Action
from tillstream.people import accounts
from tillstream.people.user import User
from tillstream.ports import Ports

NO_ACCOUNT = "The account was removed or is stopped."
NO_NUMBERS = "The role of the account may no longer see sales."


def reader(ports: Ports, login: str, account: str | None = None) -> User:
    """The user whose scope counts now. Raises `Rejected` with the reason if their access ended.

    account: `created_at` of the account that made the request, so that a later account with the same sign-in name
    inherits nothing; None: the request does not have it.
    """
    try:
        user = accounts.get(ports, login)
    except NotFound:
        raise Rejected(NO_ACCOUNT) from None
    if user.disabled or account not in (None, user.created_at):
        raise Rejected(NO_ACCOUNT)
    if not user.scope.may(Action.SEE_NUMBERS):
        raise Rejected(NO_NUMBERS)
    return user
