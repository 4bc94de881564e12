"""Calls of commands: only who can write in the home makes one, and each is valid once."""

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tillstream.adapters.local.files import home_folder
from tillstream.adapters.local.files.home_folder import (
    CALLS_FOLDER,
    HomeFolder,
    has_ended,
    make_call,
    process_start,
    take_call,
)
from tillstream.system_user import user_name

posix = pytest.mark.skipif(os.name == "nt", reason="Windows has no file modes")
linux = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="only Linux shows the start of a process")
BODY = b'{"login": "eve", "role": "admin"}'


@pytest.fixture
def home(tmp_path: Path) -> Path:
    home_folder.open_calls(tmp_path)
    return tmp_path


@contextmanager
def umask(mask: int) -> Iterator[None]:
    before = os.umask(mask)
    try:
        yield
    finally:
        os.umask(before)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_call_is_valid_once_and_names_its_user(home: Path) -> None:
    number = make_call(home, "token", "users-add", BODY)
    assert take_call(home, "token", number, "users-add", BODY) == user_name()
    with pytest.raises(PermissionError):
        take_call(home, "token", number, "users-add", BODY)
    assert not list((home / CALLS_FOLDER).iterdir())


@pytest.mark.parametrize(
    ("token", "name", "body"),
    [("other", "users-add", BODY), ("token", "users-set", BODY), ("token", "users-add", b"{}")],
)
def test_a_call_is_of_one_token_one_command_and_its_arguments(home: Path, token: str, name: str, body: bytes) -> None:
    number = make_call(home, "token", "users-add", BODY)
    with pytest.raises(PermissionError):
        take_call(home, token, number, name, body)


@pytest.mark.parametrize("number", ["", "0" * 32, "../server.json", "\0"])
def test_a_number_without_a_file_is_no_call(home: Path, number: str) -> None:
    with pytest.raises(PermissionError):
        take_call(home, "token", number, "users-add", BODY)


@posix
def test_a_link_to_a_file_is_no_call(home: Path) -> None:
    number = make_call(home, "token", "users-add", BODY)
    (file,) = (home / CALLS_FOLDER).iterdir()
    file.rename(home / "elsewhere")
    file.symlink_to(home / "elsewhere")
    with pytest.raises(PermissionError):
        take_call(home, "token", number, "users-add", BODY)


@posix
def test_a_file_of_another_user_is_no_call(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    number = make_call(home, "token", "users-add", BODY)
    (file,) = (home / CALLS_FOLDER).iterdir()
    if os.geteuid():
        monkeypatch.setattr(home_folder, "own_id", lambda: os.geteuid() + 1)  # chown needs root
    else:
        os.chown(file, 12345, -1)
    with pytest.raises(PermissionError):
        take_call(home, "token", number, "users-add", BODY)


@posix
@pytest.mark.parametrize("mask", [0o000, 0o022, 0o077, 0o277, 0o777])
def test_only_its_user_reads_the_token_and_makes_calls_on_every_umask(tmp_path: Path, mask: int) -> None:
    if mask & 0o700 and os.geteuid():
        pytest.skip("with this umask, only root can use files that it makes")
    home = tmp_path / "home"
    with umask(mask), HomeFolder(home).own():
        HomeFolder(home).announce_server("http://127.0.0.1:8080", "secret")
        assert HomeFolder(home).find_server() is not None
    assert (mode(home), mode(home / CALLS_FOLDER), mode(home / "server.json")) == (0o700, 0o700, 0o600)


@posix
def test_a_right_to_read_the_token_that_others_got_is_taken_away(home: Path) -> None:
    HomeFolder(home).announce_server("http://127.0.0.1:8080", "secret")
    (home / "server.json").chmod(0o644)
    assert HomeFolder(home).find_server() is not None
    assert mode(home / "server.json") == 0o600


@posix
def test_a_folder_of_calls_that_was_prepared_by_others_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir(mode=0o777)
    (tmp_path / CALLS_FOLDER).symlink_to(tmp_path / "elsewhere")
    HomeFolder(tmp_path).announce_server("http://127.0.0.1:8080", "secret")
    assert not (tmp_path / CALLS_FOLDER).is_symlink()
    assert mode(tmp_path / CALLS_FOLDER) == 0o700


@linux
def test_a_process_with_the_number_of_one_that_ended_is_another(tmp_path: Path) -> None:
    start = process_start(os.getpid())
    assert not has_ended(os.getpid(), start)
    namespace, ticks = start.split()
    assert has_ended(os.getpid(), f"{namespace} {int(ticks) - 1}")
    assert not has_ended(os.getpid(), f"pid:[1] {ticks}"), "a process of another container is not seen"
    assert not has_ended(os.getpid(), ""), "another system"
