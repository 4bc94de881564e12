"""Work that is started elsewhere: jobs and functions of a project, and the errors that functions answer with."""

from collections.abc import Mapping
from typing import Any, Protocol

from tillstream.model.errors import Conflict, NotFound, Rejected, TillstreamError, TooLarge, Unavailable

SETTLE_LARGE_JOB = "settle-large"
"""The job that settles what does not fit into the memory of a function: `tillstream settle`."""
FORECAST_JOB = "forecast"
"""The job that forecasts, with the memory and time for models: `tillstream forecast run`."""
REPORTS_JOB = "reports"
"""The job that makes the subscribed reports and sends e-mail, with the address of the mail server: `tillstream report
send`."""
RESTOCK_JOB = "restock"
"""The job that computes a large restock queue, with the memory for it: `tillstream restock run --due`."""
CONNECT_JOB = "connect"
"""The job that runs the connectors that are due: `tillstream connect run --due`."""

DECIDE_FUNCTION = "decide"
"""The function that undoes batches and previews settlements for users."""
SWEEP_FUNCTION = "sweep"
"""The function that resumes interrupted work; a user can start it too."""
PROJECT_FUNCTION = "project"
"""The function that refreshes the daily totals; a user who runs the quality checks starts it too."""
HOMES_FUNCTION = "homes"
"""The function that answers the calls of homes that sync to the project."""
ATTACH_FUNCTION = "attach"
"""The function that attaches and detaches the subscriptions of webhooks."""
CALLED_FUNCTIONS = (DECIDE_FUNCTION, SWEEP_FUNCTION, PROJECT_FUNCTION, HOMES_FUNCTION, ATTACH_FUNCTION)
"""The functions that the portal calls."""
FUNCTION_ERRORS: dict[str, type[TillstreamError]] = {
    error.__name__: error for error in (TooLarge, NotFound, Rejected, Conflict, Unavailable)
}
"""Name in an answer → its error; subclasses come first."""
ERROR_HEADER = "Tillstream-Error"
"""The header of an answer that is one of these errors, and not of the platform. Its value is the name."""


class Jobs(Protocol):
    """Raises `Unavailable`, also for a job that is not deployed yet. Safe in threads."""

    def start(self, name: str) -> None:
        """Start a run of a job without waiting for it. A repeated call starts another run."""

    def close(self) -> None:
        """Release the resources of this process; runs continue. Idempotent."""


class Functions(Protocol):
    """Safe in threads."""

    def call(self, name: str, body: Mapping[str, Any], within: float) -> Any:
        """Call a function with a JSON object and return its JSON answer. within: seconds to wait. It is not repeated.

        Raises what the function raises, if it is one of `FUNCTION_ERRORS`, and `Unavailable` if there is no answer:
        the function may have done its work then.
        """

    def close(self) -> None:
        """Release the resources of this process. Idempotent."""


def error_to_json(error: TillstreamError) -> dict[str, str]:
    name = next((name for name, kind in FUNCTION_ERRORS.items() if isinstance(error, kind)), Unavailable.__name__)
    return {"error": name, "message": str(error)}


def error_from_json(data: Mapping[str, str]) -> TillstreamError:
    return FUNCTION_ERRORS.get(data["error"], Unavailable)(data["message"])
