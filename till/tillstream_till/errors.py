"""Errors of the till agent. Each has a stable code and a message with the next step."""


class TillError(Exception):
    """Something that a person must know; nothing was changed unless the message states it."""

    code = "till-error"


class InvalidSale(TillError):
    """A message violates the schema or belongs to another store; `problems` has one line per violation."""

    code = "invalid-sale"

    def __init__(self, problems: list[str]) -> None:
        super().__init__("The sale is not recorded: " + "; ".join(problems))
        self.problems = problems


class ConflictingSale(TillError):
    """The number and version are recorded with other contents."""

    code = "conflicting-sale"


class SetupError(TillError):
    """The folder is not set up, or its setup cannot be used."""

    code = "not-set-up"


class Busy(TillError):
    """Another process sends the messages of this outbox, or writes to it for too long."""

    code = "busy"


class CannotStore(TillError):
    """The disk is full or fails. The sale is not recorded."""

    code = "cannot-store"


class DamagedOutbox(TillError):
    """The file of the outbox is truncated or damaged."""

    code = "damaged-outbox"


class CannotClose(TillError):
    """The outbox does not have every sale of the day."""

    code = "cannot-close"


class TransportError(TillError):
    """No message was acknowledged; the messages stay in the outbox.

    retry_after: seconds that the server requests before the next attempt.
    """

    code = "not-sent"

    def __init__(self, message: str, code: str = "offline", retry_after: float | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.retry_after = retry_after


class RequestTooLarge(TransportError):
    """The server does not accept a request of this size."""


class RequestRefused(TransportError):
    """The server read the request and refused it as a whole; `detail` is its reason."""

    def __init__(self, message: str, code: str, detail: str) -> None:
        super().__init__(message, code)
        self.detail = detail
