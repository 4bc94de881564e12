"""Objects of a bucket below a prefix, as a destination of files."""

import hashlib
import shutil
from typing import Any, BinaryIO, cast

from tillstream.ports.objects import BucketObjects


class ObjectPlace:
    """The `Place` of a bucket. bucket: with its scheme. Each file is one write, visible when it is complete."""

    def __init__(self, objects: BucketObjects, bucket: str, prefix: str) -> None:
        self._objects, self._bucket = objects, bucket
        self._prefix = f"{prefix.strip('/')}/" if prefix.strip("/") else ""

    @property
    def path(self) -> str:
        return f"{self._bucket}/{self._prefix}"

    def put(self, name: str, content: BinaryIO, *, overwrite: bool) -> None:
        condition = None if overwrite else 0
        with self._objects.writer(self._bucket, self._prefix + name, if_generation=condition) as writer:
            shutil.copyfileobj(content, cast("Any", writer), 1 << 20)

    def digest(self, name: str) -> str:
        with self._objects.open(self._bucket, self._prefix + name) as stored:
            return hashlib.file_digest(cast("Any", stored), "sha256").hexdigest()

    def close(self) -> None:
        """There is no connection to end."""
