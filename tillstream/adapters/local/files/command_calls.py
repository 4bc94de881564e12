"""Proof that a command comes from somebody who can write in the home folder.

The token of the command API is a text in a file: anyone who reads that file, through any hole, has it. So each call is
also an empty file in a private folder of the home, named by an HMAC of the call under the token. The server checks
with the operating system who made the file, and removes it: a call is valid once, for one command with its
arguments. Reading alone proves nothing.
"""

import hmac
import os
import secrets
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tillstream.system_user import ROOT, own_id, user_name

CALLS = "calls"
"""Folder in the home."""


def open_calls(home: Path) -> None:
    """Create the folder of calls, for its user alone; what an earlier server left in it is gone. Raises `OSError`."""
    close_calls(home)
    create_private_folder(home / CALLS)


def close_calls(home: Path) -> None:
    """Remove the folder of calls, or a file or link of its name. Idempotent."""
    with suppress(OSError):  # a folder, or gone
        (home / CALLS).unlink()
    shutil.rmtree(home / CALLS, ignore_errors=True)


def create_private_folder(path: Path) -> None:
    """Create a folder that only its user can enter, whatever the umask. Raises `OSError`."""
    path.mkdir(parents=True)
    path.chmod(stat.S_IRWXU)


@contextmanager
def prepared_call(home: Path, token: str, name: str, body: bytes) -> Iterator[str]:
    """`make_call` for the block; yields the number of the call."""
    number = make_call(home, token, name, body)
    try:
        yield number
    finally:
        with suppress(OSError):  # the server has removed it, or has ended
            _path(home, token, number, name, body).unlink(missing_ok=True)


def make_call(home: Path, token: str, name: str, body: bytes) -> str:
    """Make the call of a command, and return its number, which the server asks for.

    name: the command. body: its arguments, as they are sent. Raises `OSError`, for example `FileNotFoundError` if no
    server of this version runs.
    """
    number = secrets.token_hex(16)
    path = _path(home, token, number, name, body)
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, stat.S_IRUSR | stat.S_IWUSR))
    return number


def take_call(home: Path, token: str, number: str, name: str, body: bytes) -> str:
    """Remove a call and return the operating system's user who made it; empty where that is unknown.

    Raises `PermissionError` if there is no such call, or if another user than that of this process or root made it.
    """
    path = _path(home, token, number, name, body)
    try:
        made = path.lstat()
        path.unlink()  # only one of two equal requests can remove it
    except OSError as error:
        raise PermissionError("The call is not in the home folder.") from error
    if not stat.S_ISREG(made.st_mode) or made.st_uid not in (own_id(), ROOT):
        raise PermissionError("The call was made by another user.")
    return user_name(made.st_uid)


def _path(home: Path, token: str, number: str, name: str, body: bytes) -> Path:
    call = b"\0".join((number.encode(), name.encode(), body))
    return home / CALLS / hmac.digest(token.encode(), call, "sha256").hex()
