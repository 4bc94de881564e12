"""Why a head office refuses what a home sends."""

from collections.abc import Mapping
from typing import Any

from tillstream.model.errors import Rejected, Unavailable

OTHER_POSITION = "other-position"
"""The entries do not follow those that the head office has; the home asks again for the position."""
CLOCK_OFF = "clock-off"
ORIGINAL_MISSING = "original-missing"
OTHER_VERSION = "other-version"
REPEATED_REQUEST = "repeated-request"
"""A request that was delivered before; its details have the number of the last one."""
OPEN_QUESTION = "open-question"
"""A person must decide first."""
OFFICE_BUSY = "busy"
"""The code in the answer to a call that raises `Busy`."""
SOON, AFTER_A_JOB = 5, 30
"""Seconds after which a home tries again: while another call is processed, and while the job settles."""
CODES_WITH_QUESTION = frozenset({CLOCK_OFF, OPEN_QUESTION})
"""What is held until a person acts, after which the same sync continues."""


class Refused(Rejected):
    """What is sent is refused. code and details: for the program; the message is for a person."""

    def __init__(self, code: str, message: str, details: Mapping[str, Any] | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.details = details or {}


class Busy(Unavailable):
    """The head office still works on what was sent before. The same call succeeds later, maybe after an hour.

    seconds: after which the home tries again.
    """

    def __init__(self, message: str, seconds: int = SOON) -> None:
        super().__init__(message)
        self.seconds = seconds
