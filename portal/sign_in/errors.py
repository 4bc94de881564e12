"""Errors of the sign-in pages."""

from tillstream.domain.errors import Rejected


class NotProved(Rejected):
    """No trusted identity provider confirms the user. The message is shown to the user."""
