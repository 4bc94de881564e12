"""ObjectStore: named bytes in buckets; every write makes a new generation."""

from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import BinaryIO, Protocol


@dataclass(frozen=True)
class StoredObject:
    """One version of an object. `generation` is microseconds, greater for each later write of any object."""

    bucket: str
    name: str
    generation: int
    size: int


class ObjectWriter(Protocol):
    """A binary stream that becomes an object when its `with` block ends without an error."""

    stored: StoredObject | None
    """Set once the block has ended well."""

    def write(self, data: bytes, /) -> int: ...


class ObjectStore(Protocol):
    """Raises `NotFound`, `Conflict` (precondition), `Rejected` (bad name) and `Unavailable`."""

    sessions_at: str
    """The site that browsers send files to themselves, as `https://host`; empty where bytes pass through us."""

    def writer(
        self, bucket: str, name: str, *, if_generation: int | None = None
    ) -> AbstractContextManager[ObjectWriter]:
        """Write a new generation; nothing is visible before the block ends, nothing remains if it raises.

        `if_generation` 0: only if no live object has the name; g: only if g is live; `Conflict` otherwise, raised
        at the latest when the block ends. Durable when the block has ended. Repeating makes another generation.
        """

    def open(self, bucket: str, name: str, generation: int | None = None) -> BinaryIO:
        """The bytes of the live (or the given, still kept) generation; `NotFound`."""

    def stat(self, bucket: str, name: str) -> StoredObject:
        """The live generation; `NotFound`."""

    def list(self, bucket: str, prefix: str = "") -> Iterator[StoredObject]:
        """Live generations whose name starts with `prefix`, by name."""

    def delete(self, bucket: str, name: str, *, if_generation: int | None = None) -> None:
        """Remove the live generation; deleting what is not there is nothing. `Conflict` as for `writer`."""

    def address(self, bucket: str, name: str, generation: int | None = None) -> str:
        """Where the warehouse can read the object itself: a file path or a gs:// address. `NotFound` also for an older
        generation, where only the live one can be read so."""

    def copy(
        self, bucket: str, name: str, to_bucket: str, to_name: str, *, if_generation: int | None = None
    ) -> StoredObject:
        """A new generation with the bytes of the live one, which do not pass through us where the store can do it
        alone; `NotFound`, and `Conflict` as for `writer`. Repeating makes another generation."""

    def session(self, bucket: str, name: str, *, size: int, origin: str) -> str:
        """An address to which pages of the site `origin` send the bytes of a new object themselves, by the protocol of
        Cloud Storage's resumable uploads. The object is there with its last byte, if none of its name lives then, and
        has this size. Empty where bytes pass through us. Repeating makes another."""

    def end_session(self, address: str) -> None:
        """Nothing more is taken at that address, and what came is forgotten, unless the object is there. Repeatable."""
