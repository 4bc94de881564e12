"""The credentials with which BigQuery is used as another service account than that of the process."""

from typing import Any

import google.auth
from google.auth import impersonated_credentials
from google.auth.credentials import AnonymousCredentials

SCOPE = "https://www.googleapis.com/auth/bigquery"
"""Of the tokens of the other account: BigQuery and nothing else."""
PLATFORM = "https://www.googleapis.com/auth/cloud-platform"
CALLER = "X-Bqemu-Caller"


def impersonated(email: str) -> Any:
    """Short-lived credentials of a service account for which the process may create tokens."""
    source, _ = google.auth.default(scopes=[PLATFORM])
    return impersonated_credentials.Credentials(source, target_principal=email, target_scopes=[SCOPE])


class EmulatedCaller(AnonymousCredentials):  # type: ignore[no-untyped-call, misc, unused-ignore]
    """For the emulator, which checks no credentials, and applies row access policies to the caller that is named.

    email: of a service account; empty: nobody is named."""

    def __init__(self, email: str) -> None:
        super().__init__()
        self._email = email

    def before_request(self, _request: Any, _method: Any, _url: Any, headers: Any) -> None:
        if self._email:
            headers[CALLER] = f"serviceAccount:{self._email}"
