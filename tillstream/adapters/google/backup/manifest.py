"""The manifest of a project's backup, written last: a folder without it is not a backup.

The backup also contains `documents.jsonl`, `tables/TABLE/*.parquet`, `originals.jsonl`, and
`originals/GENERATION/NAME`.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

from tillstream.domain.errors import Rejected
from tillstream.domain.tables import SCHEMA

FORMAT = 1
MANIFEST, DOCUMENTS, LIST, TABLES, ORIGINALS = (
    "manifest.json",
    "documents.jsonl",
    "originals.jsonl",
    "tables",
    "originals",
)


class ObjectInfo(NamedTuple):
    """Size and checksum of an object; the checksum is base64, as in Cloud Storage."""

    size: int
    crc32c: str


class TableInfo(NamedTuple):
    rows: int
    columns: list[str]


class Original(NamedTuple):
    """A version of an object of the inbox."""

    name: str
    generation: int
    size: int
    crc32c: str

    @property
    def place(self) -> str:
        """Its name in the backup."""
        return f"{ORIGINALS}/{self.generation}/{self.name}"


@dataclass(frozen=True)
class Manifest:
    """The content of a backup. parts: every object except the originals, which one of the parts lists."""

    made_at: str
    project: str
    dataset: str
    tillstream: str
    documents: int
    tables: Mapping[str, TableInfo]
    originals: int
    size: int
    """Bytes of the whole backup, without this object."""
    parts: Mapping[str, ObjectInfo]
    format: int = FORMAT
    schema: int = SCHEMA

    def objects_of(self, table: str) -> list[str]:
        return sorted(name for name in self.parts if name.startswith(f"{TABLES}/{table}/"))

    def written(self) -> bytes:
        fields = asdict(self)
        return json.dumps(fields | {"sha256": _digest(fields)}, indent=1).encode()


def read(content: bytes) -> Manifest:
    """Parse a manifest. Raises `Rejected` if it is damaged or from another version of Tillstream."""
    try:
        fields: dict[str, Any] = json.loads(content)
        if fields["format"] > FORMAT or fields["schema"] > SCHEMA:
            raise Rejected("The backup was made by a newer Tillstream. Restore it with that version.")
        if fields["schema"] < SCHEMA:
            raise Rejected(
                f"The backup was made by Tillstream {fields['tillstream']}, which has different tables. Restore it "
                "with that version, then deploy this one."
            )
        if fields.pop("sha256") != _digest(fields):
            raise Rejected(f"{MANIFEST} has changed since it was written. Use another backup.")
        tables = {name: TableInfo(*table) for name, table in fields.pop("tables").items()}
        parts = {name: ObjectInfo(*info) for name, info in fields.pop("parts").items()}
        return Manifest(**fields, tables=tables, parts=parts)
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise Rejected(f"{MANIFEST} is damaged and the backup cannot be read. Use another backup.") from error


def originals(lines: Iterable[bytes]) -> list[Original]:
    """Parse the list of originals. Raises `Rejected`."""
    try:
        return [Original(**json.loads(line)) for line in lines]
    except (ValueError, TypeError) as error:
        raise Rejected(f"{LIST} is damaged. Use another backup.") from error


def check(manifest: Manifest, listed: Iterable[Original], stored: Mapping[str, ObjectInfo]) -> None:
    """Check that every object of the backup exists unchanged. Raises `Rejected`.

    stored: name in the backup → the object.
    """
    expected = dict(manifest.parts)
    for original in listed:
        expected[original.place] = ObjectInfo(original.size, original.crc32c)
    if len(expected) != len(manifest.parts) + manifest.originals:
        raise Rejected(f"{LIST} does not list {manifest.originals} originals. Use another backup.")
    for name, info in expected.items():
        if name not in stored:
            raise Rejected(f"{name} is missing from the backup. Nothing was changed; use another backup.")
        if stored[name] != info:
            raise Rejected(
                f"{name} in the backup has changed since it was written. Nothing was changed; use another backup."
            )


def _digest(fields: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(fields, sort_keys=True).encode()).hexdigest()
