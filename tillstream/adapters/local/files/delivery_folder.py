"""A folder of this machine, as a destination of files. A file is written under another name and then renamed."""

import hashlib
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO
from uuid import uuid4

from tillstream.adapters.local.durable import sync_file, sync_folder
from tillstream.domain.errors import Conflict, NotFound, Rejected, Unavailable


class DeliveryFolder:
    """The `Place` of a folder, which is created if it does not exist."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @property
    def path(self) -> str:
        return str(self._folder)

    def put(self, name: str, content: BinaryIO, *, overwrite: bool) -> None:
        with self._translated():
            self._folder.mkdir(parents=True, exist_ok=True)
            target, draft = self._folder / name, self._folder / f".{uuid4().hex}.part"
            if not overwrite and target.exists():
                raise Conflict(f"There is a file {name} in {self._folder}.")
            try:
                with draft.open("xb") as stream:
                    shutil.copyfileobj(content, stream, 1 << 20)
                sync_file(draft)
                draft.replace(target)
            finally:
                draft.unlink(missing_ok=True)
            sync_folder(self._folder)

    def digest(self, name: str) -> str:
        with self._translated():
            path = self._folder / name
            if not path.is_file():
                raise NotFound(f"There is no file {name} in {self._folder}.")
            with path.open("rb") as stream:
                return hashlib.file_digest(stream, "sha256").hexdigest()

    def close(self) -> None:
        """There is no connection to end."""

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except (PermissionError, NotADirectoryError, IsADirectoryError, FileExistsError) as error:
            raise Rejected(f"{self._folder} cannot be written: {error.strerror}.") from error
        except OSError as error:
            raise Unavailable(f"{self._folder} cannot be written: {error.strerror or error}.") from error
