"""A project of Google, by the operator's gcloud, and by the accounts that the operator may impersonate."""

import json
import os
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

from devtools.prove.proof import OPERATOR, RUNS_AS
from infra.gcloud import CREDENTIALS, QUOTA_PROJECT, AlreadyExists, Gcloud
from infra.resource import Command
from infra.stage import Stage
from tillstream.model.errors import Unavailable
from tillstream.ports.warehouse import Row

IMPERSONATION = "https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/{}:generateAccessToken"
QUERIES = "https://bigquery.googleapis.com/bigquery/v2/projects/{}/queries"
Answer = TypeVar("Answer")
PROPAGATES_WITHIN = 120.0
"""Seconds until a new role on a service account can be used."""


@dataclass(frozen=True)
class GoogleProject:
    """Implements `Project` for a real project."""

    stage: Stage
    gcloud: Gcloud
    folder: Path

    def do(self, command: Command) -> None:
        operator = _output("config", "get-value", "account")
        words = tuple(word.replace(OPERATOR, operator) for word in command.words)
        try:
            self.gcloud.do(replace(command, words=words))
        except AlreadyExists:
            self.gcloud.report(f"    {' '.join(words[:4])}: exists")

    @contextmanager
    def as_function(self) -> Iterator[None]:
        """Use the application default credentials of the operator to impersonate the account of a function."""
        _patiently(lambda: _token(self.stage.account(RUNS_AS)))
        source = Path(_output("info", "--format=value(config.paths.global_config_dir)"))
        credentials = {
            "type": "impersonated_service_account",
            "service_account_impersonation_url": IMPERSONATION.format(self.stage.account(RUNS_AS)),
            "source_credentials": json.loads((source / "application_default_credentials.json").read_text("utf-8")),
            "delegates": [],
        }
        self.folder.mkdir(parents=True, exist_ok=True)
        file = self.folder / "impersonated.json"
        file.touch(mode=0o600)
        file.write_text(json.dumps(credentials), encoding="utf-8")
        before = {name: os.environ.pop(name) for name in (CREDENTIALS, QUOTA_PROJECT) if name in os.environ}
        os.environ[CREDENTIALS] = str(file)
        try:
            yield
        finally:
            file.unlink()
            os.environ.pop(CREDENTIALS)
            os.environ.update(before)

    def rows_as(self, address: str, query: str) -> list[Row]:
        def ask() -> list[Row]:
            url, headers = QUERIES.format(self.stage.project), {"Authorization": f"Bearer {_token(address)}"}
            return query_rows(url, query, self.stage.region, headers)

        return _patiently(ask)


def _token(address: str) -> str:
    return _output("auth", "print-access-token", f"--impersonate-service-account={address}")


def _patiently(ask: Callable[[], Answer]) -> Answer:
    """The answer, as soon as new roles are in force. Raises `Unavailable`."""
    until = time.monotonic() + PROPAGATES_WITHIN
    while True:
        try:
            return ask()
        except Unavailable:
            if time.monotonic() > until:
                raise
        time.sleep(10.0)


def query_rows(url: str, query: str, location: str, headers: dict[str, str]) -> list[Row]:
    """The rows of a query through the REST API. Raises `Unavailable` if it fails, as while roles are not in force."""
    body = {"query": query, "useLegacySql": False, "location": location, "timeoutMs": 60_000}
    all_headers = {"Content-Type": "application/json", **headers}
    request = urllib.request.Request(url, json.dumps(body).encode(), all_headers, method="POST")
    try:
        with urllib.request.urlopen(request, timeout=90) as response:
            answer = json.loads(response.read())
    except urllib.error.HTTPError as error:
        with error:
            raise Unavailable(f"{error.code} {error.read().decode(errors='replace')[:300]}") from error
    except OSError as error:
        raise Unavailable(str(error)) from error
    names = [column["name"] for column in answer["schema"]["fields"]]
    return [dict(zip(names, (cell["v"] for cell in row["f"]), strict=True)) for row in answer.get("rows", ())]


def _output(*words: str) -> str:
    """What gcloud prints. Raises `Unavailable` if it fails."""
    done = subprocess.run(["gcloud", *words], capture_output=True, text=True, check=False)
    if done.returncode:
        raise Unavailable(f"gcloud {words[0]}: {done.stderr.strip()[-300:]}")
    return done.stdout.strip()
