"""The portal under real gunicorn: its entry, its manners, and two instances that agree."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests

from tillstream.adapters.local.sqlite.document_store import SQLiteDocumentStore
from tillstream.records import data_version

ROOT = Path(__file__).resolve().parents[2]
FIRST, PASSWORD, SECRET = "seven violet umbrellas", "correct horse battery staple", "0123456789abcdef" * 4
pytestmark = pytest.mark.long


class Instance:
    """A gunicorn and its address."""

    def __init__(self, process: "subprocess.Popen[bytes]", port: int, log: Path) -> None:
        self.process, self.address, self._log = process, f"http://127.0.0.1:{port}", log

    @property
    def log(self) -> str:
        return self._log.read_text(encoding="utf-8")

    def get(self, visitor: requests.Session, path: str, **more: object) -> requests.Response:
        return visitor.get(f"{self.address}{path}", timeout=60, allow_redirects=False, **more)  # type: ignore[arg-type]

    def post(self, visitor: requests.Session, path: str, **form: str) -> requests.Response:
        page = self.get(visitor, "/password").text if path != "/sign-in" else self.get(visitor, "/sign-in").text
        match = re.search(r'name="csrf-token" content="([^"]+)"', page)
        assert match, page
        return visitor.post(
            f"{self.address}{path}", data={"csrf_token": match[1]} | form, timeout=60, allow_redirects=False
        )

    def sign_in(self, visitor: requests.Session, login: str = "admin", password: str = PASSWORD) -> int:
        return self.post(visitor, "/sign-in", login=login, password=password).status_code

    def sign_in_first(self, visitor: requests.Session) -> None:
        """Sign in with the first password, and choose `PASSWORD`."""
        assert self.sign_in(visitor, password=FIRST) == 303
        assert self.post(visitor, "/password", old=FIRST, new=PASSWORD, again=PASSWORD).status_code == 303

    def stop(self) -> None:
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(60)


@contextmanager
def serving(home: Path, name: str, *arguments: str, **variables: str) -> Iterator[Instance]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    log = home.parent / f"{name}.log"
    settings = {
        "PORT": str(port),
        "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "tests" / "cloud")]),
        "TILLSTREAM_HOME": str(home),
        "TILLSTREAM_THREADS": "1",
        "TILLSTREAM_LOG_LEVEL": "debug",
        "TILLSTREAM_SESSION_SECRET": SECRET,
        "TILLSTREAM_FIRST_PASSWORD": FIRST,
    }
    program = [sys.executable, "-m", "gunicorn", "--config=python:portal.gunicorn_conf", *arguments]
    with log.open("wb") as out:
        process = subprocess.Popen(
            program, env=os.environ | settings | variables, stdout=out, stderr=out, cwd=home.parent
        )
    instance = Instance(process, port, log)
    try:
        _wait_until_ready(instance)
        yield instance
    finally:
        if process.poll() is None:
            instance.stop()


def _wait_until_ready(instance: Instance) -> None:
    until = time.monotonic() + 180
    while time.monotonic() < until:
        assert instance.process.poll() is None, instance.log
        try:
            if requests.get(f"{instance.address}/healthz", timeout=5).ok:
                return
        except (requests.ConnectionError, requests.Timeout):
            time.sleep(0.2)
    raise AssertionError(instance.log)


def test_the_server_starts_hides_secrets_and_stops_with_open_streams(
    tmp_path: Path,
) -> None:
    with serving(tmp_path / "home", "one", TILLSTREAM_PROXIES="1") as one:
        visitor = requests.Session()
        assert one.sign_in(visitor, password="wrong") == 401
        one.sign_in_first(visitor)
        assert one.get(visitor, "/dashboard").status_code == 200
        behind = one.get(visitor, "/healthz/ready", headers={"X-Forwarded-Proto": "https"})
        assert "Strict-Transport-Security" in behind.headers
        listening = one.get(visitor, "/events?known=7", stream=True)
        lines = listening.iter_lines()
        assert next(lines) == b"retry: 1000"
        one.stop()
        assert list(lines)[-1] == b""  # ended, and not cut off
        assert one.process.returncode == 0
        assert "SIGKILL" not in one.log
    for secret in (SECRET, FIRST, PASSWORD, *visitor.cookies.values()):
        assert secret not in one.log
    assert "retry" not in one.log


def test_two_instances_and_their_processes_agree(tmp_path: Path) -> None:
    home, served = tmp_path / "home", "portal_instance:application()"
    with serving(home, "first", "--workers=2", served) as first, serving(home, "second", served) as second:
        assert first.log.count("Booting worker") == 2
        here, there = requests.Session(), requests.Session()
        first.sign_in_first(here)
        there.cookies.update(here.cookies)
        assert [second.get(there, "/dashboard").status_code for _ in range(4)] == [200] * 4

        both = [one.get(visitor, "/events", stream=True) for one, visitor in ((first, here), (second, there))]
        lines = [one.iter_lines() for one in both]
        documents = SQLiteDocumentStore(home / "documents.sqlite")
        data_version.bump_data_version(documents, 41)
        documents.close()
        assert [_event_data(one) for one in lines] == ["data: 41"] * 2
        for one in both:
            one.close()

        other = requests.Session()
        assert second.sign_in(other) == 303
        assert first.post(here, "/profile/sessions/end-others").status_code == 303
        assert second.get(other, "/dashboard").status_code == 303
        assert second.get(there, "/dashboard").status_code == 200

        tries = [(first, second)[at % 2].sign_in(requests.Session(), f"nobody{at}", "wrong") for at in range(34)]
        assert tries.count(401) <= 28  # of thirty in a minute two were used above
        assert tries[-1] == 429


def _event_data(lines: Iterator[bytes]) -> str:
    """The event of the next settlement."""
    until = time.monotonic() + 90
    for line in lines:
        if line.startswith(b"data: 41"):
            return line.decode()
        assert time.monotonic() < until
    return ""
