"""Secrets of one machine: variables of the environment, and files of a folder."""

from collections.abc import Callable
from pathlib import Path

from tillstream.model.errors import Rejected, Unavailable

MAX_BYTES = 64 << 10
VARIABLES = "TILLSTREAM_SOURCE_"
"""Start of the names of variables that can be read, so that no other secret of the process can be."""


class EnvironmentSecrets:
    """read: returns a variable of the environment, or None."""

    def __init__(self, read: Callable[[str], str | None]) -> None:
        self._read = read

    def get(self, name: str) -> str:
        if not name.startswith(VARIABLES):
            raise Rejected(f"The name of a variable with a credential starts with {VARIABLES}.")
        value = (self._read(name) or "").rstrip("\r\n")
        if not value:
            raise Rejected(f"The variable {name} is not set in the environment of the server.")
        return value


class FolderSecrets:
    """Files directly in a folder; a link that leads out of it is not read."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def names(self) -> list[str]:
        """The names of the files; empty without the folder."""
        files = self._folder.iterdir() if self._folder.is_dir() else ()
        return sorted(path.name for path in files if path.is_file() and not path.name.startswith("."))

    def get(self, name: str) -> str:
        path = self._folder / name
        if not name or Path(name).name != name or path.resolve().parent != self._folder.resolve():
            raise Rejected(f"A credential in a file is named like the file, which is directly in {self._folder}.")
        try:
            with path.open("rb") as file:
                content = file.read(MAX_BYTES + 1)
        except FileNotFoundError:
            raise Rejected(f"There is no file {name} in {self._folder}.") from None
        except OSError as error:
            raise Unavailable(f"The file {name} in {self._folder} cannot be read: {error.strerror}.") from error
        try:
            value = content.decode().rstrip("\r\n")
        except UnicodeDecodeError:
            value = ""
        if not value or len(content) > MAX_BYTES:
            raise Rejected(f"The file {name} in {self._folder} must be a text of 1 to {MAX_BYTES:,} bytes.")
        return value
