"""Jobs of Cloud Run, which are started through its API."""

import threading

import google.auth
import requests
from google.auth.exceptions import GoogleAuthError
from google.auth.transport.requests import AuthorizedSession

from tillstream.domain.errors import Unavailable

SCOPE = "https://www.googleapis.com/auth/cloud-platform"
TRY = 30.0
"""Timeout of one request, in seconds. It is not repeated: its answer can be lost, and the run has started."""


class CloudRunJobs:
    """The jobs of a project in one region. address: of Cloud Run, or of an emulator over http, without credentials."""

    def __init__(self, project: str, location: str, address: str) -> None:
        self._jobs = f"{address.rstrip('/')}/v2/projects/{project}/locations/{location}/jobs"
        self._lock = threading.Lock()
        self._session: requests.Session | None = None

    def start(self, name: str) -> None:
        try:
            response = self._open_session().post(f"{self._jobs}/{name}:run", json={}, timeout=TRY)
        except (requests.RequestException, GoogleAuthError) as error:
            raise Unavailable(f"The job {name} cannot be started: {error}") from error
        if response.status_code == requests.codes.not_found:
            raise Unavailable(f"The job {name} is not deployed.")
        if not response.ok:
            raise Unavailable(f"The job {name} cannot be started: {response.status_code} {response.text[:500]}")

    def close(self) -> None:
        with self._lock:
            if self._session:
                self._session.close()
                self._session = None

    def _open_session(self) -> requests.Session:
        with self._lock:
            if self._session is None:
                if self._jobs.startswith("http://"):
                    self._session = requests.Session()
                else:
                    self._session = AuthorizedSession(google.auth.default(scopes=[SCOPE])[0])
            return self._session
