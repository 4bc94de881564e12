"""The sign-in area's errors."""

from tillstream.domain.errors import Rejected


class NotProved(Rejected):
    """Nobody whom we believe says who it is. The message is for the person."""
