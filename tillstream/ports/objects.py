"""Objects: named bytes in buckets, with compare-and-set; in an `ObjectStore`, every write creates a new generation."""

from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import BinaryIO, Protocol


@dataclass(frozen=True)
class StoredObject:
    """One generation of an object. `generation` is in microseconds and increases with every write to the store."""

    bucket: str
    name: str
    generation: int
    size: int


class ObjectWriter(Protocol):
    """A binary stream whose bytes become an object when the `with` block ends without an error."""

    stored: StoredObject | None
    """Set when the block has ended without an error."""

    def write(self, data: bytes, /) -> int: ...


class ObjectStore(Protocol):
    """Raises `NotFound`, `Conflict` (precondition), `Rejected` (bad name) and `Unavailable`.

    The store of Cloud Storage also reads each bucket `gs://NAME` that its credentials may read.
    """

    keeps_checksums: bool
    """Whether the store itself compares the bytes of an object with a checksum, when they are written and kept."""
    upload_origin: str
    """Origin to which browsers upload directly, as `https://host`; empty if bytes pass through the portal."""

    def has_bucket(self, bucket: str) -> bool:
        """Whether objects can be written to a bucket of this name."""

    def writer(
        self, bucket: str, name: str, *, if_generation: int | None = None
    ) -> AbstractContextManager[ObjectWriter]:
        """Write a new generation; nothing is visible before the block ends, nothing remains if it raises.

        `if_generation` 0: only if no live object has the name; g: only if g is live; `Conflict` otherwise, raised
        at the latest when the block ends. Durable when the block has ended. Not idempotent: each call creates a
        generation.
        """

    def open(self, bucket: str, name: str, generation: int | None = None) -> BinaryIO:
        """The bytes of the live generation, or of the requested one while it is retained; `NotFound`."""

    def stat(self, bucket: str, name: str) -> StoredObject:
        """The live generation; `NotFound`."""

    def list(self, bucket: str, prefix: str = "", *, start: str = "", end: str = "") -> Iterator[StoredObject]:
        """Live generations whose name starts with `prefix`, by name; only names from `start` on and before `end`,
        unless these are empty. The cost follows the names that are listed, not those that the bucket contains."""

    def delete(self, bucket: str, name: str, *, if_generation: int | None = None) -> None:
        """Remove the live generation; a missing object is ignored. `Conflict` as for `writer`."""

    def uri(self, bucket: str, name: str, generation: int | None = None) -> str:
        """Address at which the warehouse reads the object: a file path or gs:// URI. `NotFound` also for an older
        generation, if the warehouse can only read the live one."""

    def copy(
        self,
        bucket: str,
        name: str,
        to_bucket: str,
        to_name: str,
        *,
        generation: int | None = None,
        if_generation: int | None = None,
    ) -> StoredObject:
        """Copy the live generation, or the requested one as `open`, on the server side if the store supports it;
        `NotFound`, and `Conflict` as for `writer`. Not idempotent: each call creates a generation."""

    def start_upload_session(self, bucket: str, name: str, *, size: int, origin: str) -> str:
        """Start a Cloud Storage resumable upload; returns the URL to which pages of the site `origin` send the bytes,
        or an empty text if bytes pass through the portal. The last of `size` bytes creates the object, unless an object
        of that name is live by then. Not idempotent: each call starts a session."""

    def cancel_upload_session(self, address: str) -> None:
        """Cancel a session and discard its bytes, unless the object has been created. Idempotent."""


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
