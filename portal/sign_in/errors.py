"""Errors of the sign-in pages."""

from tillstream.model.errors import Rejected


class IdentityNotVerified(Rejected):
    """No trusted identity provider confirms the user. The message is shown to the user."""
