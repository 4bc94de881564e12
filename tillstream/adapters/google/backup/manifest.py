"""What a backup of a project says of itself, written last: a folder without it is no backup.

Besides it there are `documents.jsonl`, `tables/TABLE/*.parquet`, `originals.jsonl`, and `originals/GENERATION/NAME`.
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


class Kept(NamedTuple):
    """An object as Cloud Storage tells of it; the sum is base64, as there."""

    size: int
    crc32c: str


class KeptTable(NamedTuple):
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
        """Where it lies in the backup."""
        return f"{ORIGINALS}/{self.generation}/{self.name}"


@dataclass(frozen=True)
class Manifest:
    """`parts`: every object of the backup but the originals, which are told by one of them."""

    made_at: str
    project: str
    dataset: str
    tillstream: str
    documents: int
    tables: Mapping[str, KeptTable]
    originals: int
    size: int
    """Bytes of all that the backup holds, this object apart."""
    parts: Mapping[str, Kept]
    format: int = FORMAT
    schema: int = SCHEMA

    def objects_of(self, table: str) -> list[str]:
        return sorted(name for name in self.parts if name.startswith(f"{TABLES}/{table}/"))

    def written(self) -> bytes:
        told = asdict(self)
        return json.dumps(told | {"sha256": _digest(told)}, indent=1).encode()


def read(content: bytes) -> Manifest:
    """Raises `Rejected`: it is damaged, or of another Tillstream."""
    try:
        told: dict[str, Any] = json.loads(content)
        if told["format"] > FORMAT or told["schema"] > SCHEMA:
            raise Rejected("The backup was made by a newer Tillstream. Restore it with that version.")
        if told["schema"] < SCHEMA:
            raise Rejected(
                f"The backup was made by Tillstream {told['tillstream']}, whose tables are others. Restore it "
                "with that version, then deploy this one."
            )
        if told.pop("sha256") != _digest(told):
            raise Rejected(f"{MANIFEST} is not as it was written. Use another backup.")
        tables = {name: KeptTable(*table) for name, table in told.pop("tables").items()}
        parts = {name: Kept(*kept) for name, kept in told.pop("parts").items()}
        return Manifest(**told, tables=tables, parts=parts)
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise Rejected(f"{MANIFEST} is damaged: nobody can read what the backup is. Use another backup.") from error


def originals(lines: Iterable[bytes]) -> list[Original]:
    """Raises `Rejected`."""
    try:
        return [Original(**json.loads(line)) for line in lines]
    except (ValueError, TypeError) as error:
        raise Rejected(f"{LIST} is damaged. Use another backup.") from error


def check(manifest: Manifest, listed: Iterable[Original], found: Mapping[str, Kept]) -> None:
    """Whether everything that was written is there as it was. found: name in the backup → what is there.

    Raises `Rejected`.
    """
    wanted = dict(manifest.parts)
    for original in listed:
        wanted[original.place] = Kept(original.size, original.crc32c)
    if len(wanted) != len(manifest.parts) + manifest.originals:
        raise Rejected(f"{LIST} does not name {manifest.originals} originals. Use another backup.")
    for name, kept in wanted.items():
        if name not in found:
            raise Rejected(f"The backup lacks {name}. Nothing was changed; use another backup.")
        if found[name] != kept:
            raise Rejected(f"{name} in the backup is not as it was written. Nothing was changed; use another backup.")


def _digest(told: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()
