"""Exception hierarchy; the class decides how a failure is handled.

Row defects are data (see `problems`), never exceptions.
"""


class TillstreamError(Exception):
    """Base class of all Tillstream errors. The message is written for the user who caused it."""


class Rejected(TillstreamError):
    """The request can never succeed as it is: record it, acknowledge it, show the message to the user."""

    code = ""
    """The problem code, if the catalogue has one for it."""


class TooLarge(Rejected):
    """The work does not fit into the memory or a limit of the service: try again with less, or with more memory."""


class NotFound(Rejected):
    """The requested resource does not exist, or is outside the caller's scope."""


class Conflict(TillstreamError):
    """A precondition (generation, version, epoch) no longer holds: read again and retry."""


class Unavailable(TillstreamError):
    """Transient failure of a dependency: raise, and the work is retried."""


class NeedsRepair(Unavailable):
    """A file of the home stays unusable until a person does something. message: what it is; remedy: what to do."""

    def __init__(self, message: str, remedy: str = "") -> None:
        super().__init__(f"{message} {remedy}".strip())
        self.message, self.remedy = message, remedy


class DamagedFile(NeedsRepair):
    """A stored file that cannot be read whole."""


class ReadOnly(Unavailable):
    """The home folder can be read but not written."""


class Occupied(NeedsRepair):
    """Another process owns the folder and did not release it in time."""


def reason_of(error: Exception) -> str:
    """Why a call of the system or the network failed, without the number of the error; never empty."""
    if isinstance(error, ConnectionRefusedError):  # asyncio words it otherwise
        return "connection refused"
    return getattr(error, "strerror", None) or str(error) or "no answer in time"
