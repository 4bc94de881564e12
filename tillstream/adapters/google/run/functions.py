"""Functions of a project, called over HTTPS with an identity token of this process's account."""

import threading
from collections.abc import Mapping
from typing import Any

import google.oauth2.id_token
import requests
from google.auth.exceptions import GoogleAuthError
from google.auth.transport.requests import AuthorizedSession, Request

from tillstream.domain.errors import Unavailable
from tillstream.ports.functions import OF_FUNCTION, error_from_json


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
        if response.headers.get(OF_FUNCTION):
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
