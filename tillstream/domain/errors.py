"""One small tree of errors; the class decides what happens next.

Row defects are data (see `problems`), never exceptions.
"""


class TillstreamError(Exception):
    """Base of every error of ours. The message is written for the person who caused it."""


class Rejected(TillstreamError):
    """The request can never succeed as it is: record it, acknowledge it, tell the person."""


class NotFound(Rejected):
    """What was asked for does not exist (or is outside the caller's scope)."""


class Conflict(TillstreamError):
    """A precondition (generation, version, epoch) no longer holds: read again and decide anew."""


class Unavailable(TillstreamError):
    """A passing fault of something we depend on: raise, and the work comes again."""


class Occupied(Unavailable):
    """Another process owns the folder, and did not let go in time."""
