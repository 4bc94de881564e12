"""Jobs: commands of the product that run in a process of their own, with more memory than their caller has."""

from typing import Protocol

SETTLE_LARGE = "settle-large"
"""The job that settles what does not fit into the memory of a function: `tillstream settle`."""

FORECAST = "forecast"
"""The job that forecasts, with the memory and time for models: `tillstream forecast run`."""

REPORTS = "reports"
"""The job that makes the subscribed reports and sends e-mail, with the address of the mail server: `tillstream report
send`."""

RESTOCK = "restock"
"""The job that computes a large restock queue, with the memory for it: `tillstream restock run --due`."""

CONNECT = "connect"
"""The job that runs the connectors that are due: `tillstream connect run --due`."""


class Jobs(Protocol):
    """Raises `Unavailable`, also for a job that is not deployed yet. Safe in threads."""

    def start(self, name: str) -> None:
        """Start a run of a job without waiting for it. A repeated call starts another run."""

    def close(self) -> None:
        """Release the resources of this process; runs continue. Idempotent."""
