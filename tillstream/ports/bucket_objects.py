"""BucketObjects: named bytes in a bucket, with compare-and-set. Every `ObjectStore` has them too."""

from collections.abc import Iterator
from contextlib import AbstractContextManager
from typing import BinaryIO, Protocol

from tillstream.ports.object_store import ObjectWriter, StoredObject


class BucketObjects(Protocol):
    """Raises `NotFound`, `Conflict` (precondition), `Rejected` (what the user can change) and `Unavailable`."""

    def writer(
        self, bucket: str, name: str, *, if_generation: int | None = None
    ) -> AbstractContextManager[ObjectWriter]:
        """Write an object; nothing is visible before the block ends, nothing remains if it raises.

        `if_generation` 0: only if no object has the name; g: only if that is as `stat` returned it with g; `Conflict`
        otherwise."""

    def open(self, bucket: str, name: str) -> BinaryIO:
        """The bytes of an object; `NotFound`."""

    def stat(self, bucket: str, name: str) -> StoredObject:
        """Its generation is the time of the last write, in microseconds since 1970; `NotFound`."""

    def list(self, bucket: str, prefix: str = "") -> Iterator[StoredObject]:
        """Objects whose name starts with `prefix`, by name."""

    def delete(self, bucket: str, name: str) -> None:
        """Remove an object; a missing one is ignored."""
