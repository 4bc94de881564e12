"""The first administrator's password is shown on a terminal only, else written to a private file, or comes from the
settings."""

import json
import os
import re
import stat
from contextlib import suppress
from pathlib import Path

import pytest
from app_factory import build
from test_server import Server

from tillstream.people import accounts
from tillstream.settings import Settings

PASSWORD = "seven violet umbrellas"
pytestmark = pytest.mark.system


def _signs_in(home: Path, password: str, login: str = "admin") -> bool:
    app = build(Settings(home=home, samples=False, threads=1))
    try:
        return accounts.sign_in_with_password(app.ports, login, password).login == login
    finally:
        app.close()


def _logged(home: Path, log: Path) -> list[str]:
    """The sentences that a server without a terminal has logged, as it logs everything else."""
    with log.open("w") as err:
        Server(home, err).stop()
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    return [line["text"] for line in lines if line["event"] == "server"]


def test_without_a_terminal_the_password_is_in_a_file_for_its_owner_only(tmp_path: Path) -> None:
    shown = _logged(tmp_path / "home", tmp_path / "log")
    path = tmp_path / "home" / "first-password.txt"
    assert shown[0].startswith("Tillstream is running at http://127.0.0.1:")
    assert f"Sign in as admin with the password in {path}, " in shown[1]
    password = path.read_text().strip()
    assert (stat.S_IMODE(path.stat().st_mode), password in str(shown)) == (0o600, False)
    assert _signs_in(tmp_path / "home", password)


def test_on_a_terminal_the_password_is_shown_and_not_written(tmp_path: Path) -> None:
    pty = pytest.importorskip("pty")
    screen, terminal = pty.openpty()
    server = Server(tmp_path, out=terminal)
    server.stop()
    os.close(terminal)
    output = b""
    with suppress(OSError):  # Linux raises this at the end of a terminal
        while read := os.read(screen, 65_536):
            output += read
    os.close(screen)
    match = re.search(r"Sign in as admin with the password (\S+) \(shown only once", output.decode())
    assert match
    assert not (tmp_path / "first-password.txt").exists()
    assert _signs_in(tmp_path, match[1])


def test_a_password_from_the_settings_is_used_and_neither_shown_nor_written(tmp_path: Path) -> None:
    server = Server(tmp_path, TILLSTREAM_FIRST_PASSWORD=PASSWORD, TILLSTREAM_FIRST_ADMIN="boss")
    server.stop()
    assert not (tmp_path / "first-password.txt").exists()
    assert _signs_in(tmp_path, PASSWORD, "boss")
