"""Functions and jobs of Cloud Run: functions are called over HTTPS, jobs are started through its API."""

import threading
from collections.abc import Mapping
from typing import Any

import google.auth
import google.oauth2.id_token
import requests
from google.auth.exceptions import GoogleAuthError
from google.auth.transport.requests import AuthorizedSession, Request

from tillstream.model.errors import Unavailable
from tillstream.ports.jobs import ERROR_HEADER, error_from_json

PLATFORM_SCOPE = "https://www.googleapis.com/auth/cloud-platform"
START_TIMEOUT = 30.0
"""Timeout of one request, in seconds. It is not repeated: its answer can be lost, and the run has started."""


class CloudRunFunctions:
    """addresses: function → its URL, which is the audience of the tokens too; over http, without a token."""

    def __init__(self, addresses: Mapping[str, str]) -> None:
        self._addresses = dict(addresses)
        self._lock = threading.Lock()
        self._sessions: dict[str, requests.Session] = {}

    def call(self, name: str, body: Mapping[str, Any], within: float) -> Any:
        if name not in self._addresses:
            raise Unavailable(f"The function {name} is not deployed.")
        try:
            response = self._session(name).post(self._addresses[name], json=body, timeout=within)
        except requests.Timeout as error:
            raise Unavailable(f"The function {name} does not answer within {within:g} seconds.") from error
        except (requests.RequestException, GoogleAuthError) as error:
            raise Unavailable(f"The function {name} does not answer: {error}") from error
        if response.ok:
            return response.json()
        if response.headers.get(ERROR_HEADER):
            raise error_from_json(response.json())
        raise Unavailable(f"The function {name} does not answer: {response.status_code} {response.reason}.")

    def close(self) -> None:
        with self._lock:
            for session in self._sessions.values():
                session.close()
            self._sessions.clear()

    def _session(self, name: str) -> requests.Session:
        """A session whose token is renewed before it expires."""
        with self._lock:
            if name not in self._sessions:
                self._sessions[name] = _open_session(self._addresses[name])
            return self._sessions[name]


def _open_session(address: str) -> requests.Session:
    if address.startswith("http://"):
        return requests.Session()
    credentials = google.oauth2.id_token.fetch_id_token_credentials(address, Request())
    session: requests.Session = AuthorizedSession(credentials)
    return session


class CloudRunJobs:
    """The jobs of a project in one region. address: of Cloud Run, or of an emulator over http, without credentials."""

    def __init__(self, project: str, location: str, address: str) -> None:
        self._jobs = f"{address.rstrip('/')}/v2/projects/{project}/locations/{location}/jobs"
        self._lock = threading.Lock()
        self._session: requests.Session | None = None

    def start(self, name: str) -> None:
        try:
            response = self._open_session().post(f"{self._jobs}/{name}:run", json={}, timeout=START_TIMEOUT)
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
                    self._session = AuthorizedSession(google.auth.default(scopes=[PLATFORM_SCOPE])[0])
            return self._session
