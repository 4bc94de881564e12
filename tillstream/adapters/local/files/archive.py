"""Archives of backups: a tar of plain files, whose last file lists the size and SHA-256 of each; their verification."""

import hashlib
import json
import tarfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import IO, Any, BinaryIO

from tillstream.domain.errors import Rejected
from tillstream.domain.tables import SCHEMA

FORMAT = 1
HEAD, MANIFEST = "backup.json", "manifest.jsonl"
CHUNK = 1 << 20


@dataclass
class Digest:
    """A stream that hashes and counts its bytes as they are read."""

    stream: IO[bytes]
    sha256: Any = field(default_factory=hashlib.sha256)
    size: int = 0

    def read(self, most: int = -1) -> bytes:
        data = self.stream.read(CHUNK if most < 0 else most)
        self.sha256.update(data)
        self.size += len(data)
        return data


class Damaged(Rejected):
    """Files of an archive have changed since it was written. names: of these. head: of the archive."""

    def __init__(self, names: Sequence[str], head: dict[str, Any]) -> None:
        listed = "".join(f"\n  {name}" for name in names)
        super().__init__(
            f"{len(names):,} {'file' if len(names) == 1 else 'files'} in the archive changed since it was written. "
            f"Use another backup, or restore the rest with --without-damaged.{listed}"
        )
        self.names, self.head = tuple(names), head


def check(stream: BinaryIO, each: Callable[[str, Digest], None] | None = None) -> tuple[dict[str, Any], int, int]:
    """Read the whole archive and verify it; return its header, number of files and bytes.

    each: receives every file as it is read, before it is verified. Raises `Rejected`, and `Damaged` when all was read.
    """
    head: dict[str, Any] = {}
    files = size = 0
    lines: list[str] = []
    manifest: bytes | None = None
    try:
        with tarfile.open(fileobj=stream, mode="r|") as tar:
            for member in tar:
                tar.members = []  # type: ignore[attr-defined]
                content = tar.extractfile(member)
                if content is None or manifest is not None:
                    raise Rejected(
                        f"The archive contains {member.name}, which is not part of a backup. Nothing was restored."
                    )
                if not head:
                    head = _head(member.name, content)
                    continue
                if member.name == MANIFEST:
                    manifest = content.read()
                    continue
                digest = Digest(content)
                if each:
                    each(member.name, digest)
                while digest.read(CHUNK):
                    pass
                lines.append(manifest_line(member.name, digest))
                files, size = files + 1, size + digest.size
    except (tarfile.TarError, EOFError, UnicodeDecodeError, ValueError) as exc:
        raise Rejected(f"The archive is damaged or cut off ({exc}), or is not a Tillstream backup.") from exc
    if manifest is None:
        raise Rejected("The archive is cut off: its list of files is missing. Use another backup.")
    if changed := _changed(lines, manifest):
        raise Damaged(changed, head)
    return head, files, size


def _changed(lines: Sequence[str], manifest: bytes) -> list[str]:
    """The names of the files whose lines differ from those of the manifest. Raises `Rejected` if it is damaged too."""
    if manifest == "".join(lines).encode():
        return []
    try:
        recorded = {json.loads(line)["name"]: line for line in manifest.decode().splitlines(keepends=True)}
    except (ValueError, LookupError, TypeError) as exc:
        raise Rejected("The list of files in the archive is damaged. Use another backup.") from exc
    read = {json.loads(line)["name"]: line for line in lines}
    return sorted(name for name in {*recorded, *read} if recorded.get(name) != read.get(name))


def manifest_line(name: str, digest: Digest) -> str:
    return json.dumps({"name": name, "size": digest.size, "sha256": digest.sha256.hexdigest()}) + "\n"


def _head(name: str, content: IO[bytes]) -> dict[str, Any]:
    if name != HEAD:
        raise Rejected("This is not a Tillstream backup.")
    try:
        head: dict[str, Any] = json.loads(content.read(CHUNK))
        newer = head["format"] > FORMAT or head["schema"] > SCHEMA
    except (ValueError, LookupError, TypeError) as exc:
        raise Rejected("The archive is damaged and cannot be read. Use another backup.") from exc
    if newer:
        raise Rejected("The backup was made by a newer Tillstream. Restore it with that version.")
    return head
