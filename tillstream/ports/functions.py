"""Functions of a project that the portal calls and waits for, because they may do what the portal may not."""

from collections.abc import Mapping
from typing import Any, Protocol

from tillstream.domain.errors import Conflict, NotFound, Rejected, TillstreamError, TooLarge, Unavailable

DECIDE = "decide"
"""The function that undoes batches and previews settlements for users."""

SWEEP = "sweep"
"""The function that resumes interrupted work; a user can start it too."""

PROJECT = "project"
"""The function that refreshes the daily totals; a user who runs the quality checks starts it too."""

HOMES = "homes"
"""The function that answers the calls of homes that sync to the project."""

ATTACH = "attach"
"""The function that attaches and detaches the subscriptions of webhooks."""

CALLED = (DECIDE, SWEEP, PROJECT, HOMES, ATTACH)
"""The functions that the portal calls."""

ERRORS: dict[str, type[TillstreamError]] = {
    error.__name__: error for error in (TooLarge, NotFound, Rejected, Conflict, Unavailable)
}
"""Name in an answer → its error; subclasses come first."""

OF_FUNCTION = "Tillstream-Error"
"""The header of an answer that is one of these errors, and not of the platform. Its value is the name."""


class Functions(Protocol):
    """Safe in threads."""

    def call(self, name: str, body: Mapping[str, Any], within: float) -> Any:
        """Call a function with a JSON object and return its JSON answer. within: seconds to wait. It is not repeated.

        Raises what the function raises, if it is one of `ERRORS`, and `Unavailable` if there is no answer: the function
        may have done its work then.
        """

    def close(self) -> None:
        """Release the resources of this process. Idempotent."""


def error_to_json(error: TillstreamError) -> dict[str, str]:
    name = next((name for name, kind in ERRORS.items() if isinstance(error, kind)), Unavailable.__name__)
    return {"error": name, "message": str(error)}


def error_from_json(data: Mapping[str, str]) -> TillstreamError:
    return ERRORS.get(data["error"], Unavailable)(data["message"])
