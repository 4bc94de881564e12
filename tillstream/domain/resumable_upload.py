"""The record of a file that a person sends piece by piece, or that is looked at before it is loaded."""

from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True)
class Sending:
    """Its owner alone sees it. Times are ISO 8601 UTC text."""

    id: str
    by: str
    file: str
    """The name the person gave the file."""
    size: int
    begun_at: str
    touched_at: str
    contract: str = ""
    """Empty as long as nobody said by which contract it is written."""
    look: bool = False
    """It stays here to be looked at, and goes into the inbox when its owner says so."""
    sha256: str = ""
    """Of the whole file, where the sender told it."""
    mark: str = ""
    """By what the sender knows the same file again; we only keep it."""
    offset: int = 0
    """Bytes that are kept; a sender goes on from here."""
    parts: tuple[str, ...] = ()
    """Objects of the staging bucket that are the file's bytes, one after the other."""
    answers: dict[str, str] = field(default_factory=dict)
    """What its owner answered to the questions that the file raises, by their keys."""
    proposed: dict[str, Any] = field(default_factory=dict)
    """A new contract that an administrator is to accept before the file is read, as an upload has it."""
    session: str = ""
    """Where its sender sends the bytes straight into the store; empty where they come through us."""
    batch_id: str = ""
    """The upload that it became."""

    @property
    def whole(self) -> bool:
        return self.offset == self.size

    @property
    def waits(self) -> bool:
        """For its owner to look at it."""
        return self.whole and self.look and not self.batch_id

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> "Sending":
        return cls(**data | {"parts": tuple(data["parts"])})
