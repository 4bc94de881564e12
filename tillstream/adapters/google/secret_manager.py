"""Secrets of Secret Manager, which are read through its API."""

import base64
import threading

import google.auth
import requests
from google.auth.exceptions import GoogleAuthError
from google.auth.transport.requests import AuthorizedSession

from tillstream.model.errors import Rejected, Unavailable
from tillstream.ports.machine import SECRET_PREFIX

SCOPE = "https://www.googleapis.com/auth/cloud-platform"
TRY = 30.0
"""Timeout of one request, in seconds."""


class SecretManagerSecrets:
    """The secrets of a project. address: of Secret Manager, or of an emulator over http, without credentials."""

    def __init__(self, project: str, address: str) -> None:
        self._secrets = f"{address.rstrip('/')}/v1/projects/{project}/secrets"
        self._lock = threading.Lock()
        self._session: requests.Session | None = None

    def get(self, name: str) -> str:
        if not name.startswith(SECRET_PREFIX) or not name.replace("-", "").replace("_", "").isalnum():
            raise Rejected(f"The name of a secret with a credential starts with {SECRET_PREFIX}.")
        try:
            response = self._open_session().get(f"{self._secrets}/{name}/versions/latest:access", timeout=TRY)
        except (requests.RequestException, GoogleAuthError) as error:
            raise Unavailable(f"The secret {name} cannot be read: {type(error).__name__}.") from error
        if response.status_code in {requests.codes.not_found, requests.codes.forbidden}:
            raise Rejected(f"There is no secret {name} in the project, or Tillstream may not read it.")
        if not response.ok:
            raise Unavailable(f"The secret {name} cannot be read: {response.status_code}.")
        try:
            value = base64.b64decode(response.json()["payload"]["data"]).decode().rstrip("\r\n")
        except (ValueError, KeyError):
            value = ""
        if not value:
            raise Rejected(f"The secret {name} must be a text that is not empty.")
        return value

    def _open_session(self) -> requests.Session:
        with self._lock:
            if self._session is None:
                if self._secrets.startswith("http://"):
                    self._session = requests.Session()
                else:
                    self._session = AuthorizedSession(google.auth.default(scopes=[SCOPE])[0])
            return self._session
