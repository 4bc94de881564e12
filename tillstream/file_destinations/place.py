"""What a destination of files can do, whatever its kind."""

from typing import BinaryIO, Protocol


class Place(Protocol):
    """A folder, the objects below a prefix, or a folder of a server. Each method raises `Rejected` if a person must act
    and `Unavailable` if a later try can succeed; messages name the place and what to do."""

    @property
    def path(self) -> str:
        """The address, for people."""

    def put(self, name: str, content: BinaryIO, *, overwrite: bool) -> None:
        """Write a file; it has its name once it is complete. Raises `Conflict` if there is one that stays."""

    def digest(self, name: str) -> str:
        """SHA-256 of a file, in hexadecimal. Raises `NotFound`."""

    def close(self) -> None:
        """End connections. Idempotent."""
