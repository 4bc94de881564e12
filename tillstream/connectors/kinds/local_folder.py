"""A folder of this machine, or one that is mounted on it."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path

from tillstream.connectors import listed_files
from tillstream.connectors.listed_files import ListedFile, ListedFileSource, changed_file, file_version
from tillstream.connectors.source import ConnectionAccess, ConnectorKind, ConnectorSource, SourceSetting
from tillstream.model.errors import Rejected, Unavailable

CHUNK = 1 << 20


class LocalFolderSource(ListedFileSource):
    """Files of a folder, which stay as they are."""

    def __init__(self, settings: Mapping[str, str], access: ConnectionAccess):
        self.folder = Path(settings["folder"])
        super().__init__(f"{self.folder.as_posix().rstrip('/')}/", settings, access)

    def listing(self) -> Iterator[ListedFile]:
        self.access.check_file(str(self.folder))
        if not self.folder.is_dir():
            raise Rejected(f"There is no folder {self.folder} on the machine that reads it.")
        folders = [self.folder]
        while folders:
            folder = folders.pop()
            try:
                for path in folder.iterdir():
                    if path.is_file():
                        yield self._listed(path)
                    elif path.is_dir() and not path.is_symlink() and self.selection.has_subfolders:
                        folders.append(path)
            except OSError as error:
                raise Unavailable(f"The folder {folder} cannot be read: {error.strerror}.") from error

    def read(self, listed: ListedFile) -> Iterator[bytes]:
        path = self.folder / listed.path
        self.access.check_file(str(path))
        try:
            with path.open("rb") as stream:
                while part := stream.read(CHUNK):
                    yield part
            if self._listed(path).version != listed.version:
                raise changed_file(listed)
        except FileNotFoundError as error:
            raise changed_file(listed) from error
        except OSError as error:
            raise Rejected(f"{path} cannot be read: {error.strerror}.") from error

    def close(self) -> None:
        """Files are closed when they are read."""

    def _listed(self, path: Path) -> ListedFile:
        facts = path.stat()
        modified_at = datetime.fromtimestamp(facts.st_mtime, UTC)
        return ListedFile(
            path.relative_to(self.folder).as_posix(),
            facts.st_size,
            file_version(facts.st_size, modified_at),
            modified_at,
        )


def _open(settings: Mapping[str, str], access: ConnectionAccess) -> ConnectorSource:
    if not Path(settings["folder"]).is_absolute():
        raise Rejected("folder must be an absolute path, such as /srv/exports.")
    return LocalFolderSource(settings, access)


KIND = ConnectorKind(
    name="local_folder",
    title="Folder of the server",
    about="Pulls the files of a folder of the machine of the server, or one that is mounted on it; they stay there.",
    settings=(SourceSetting("folder", "Folder", "Its absolute path.", is_required=True), *listed_files.SETTINGS),
    open=_open,
)
