"""Resumable uploads: the record of a file that is sent in chunks, or previewed before it is loaded."""

from dataclasses import asdict, dataclass, field
from typing import Any

from tillstream.domain.batch.proposal import Proposal


@dataclass(frozen=True)
class ResumableUpload:
    """A resumable upload, visible to its owner only. Times are ISO 8601 UTC text."""

    id: str
    by: str
    file: str
    """The user's name for the file."""
    size: int
    begun_at: str
    touched_at: str
    contract: str = ""
    """Empty until a contract is chosen."""
    look: bool = False
    """Preview first: the file goes to the inbox only when its owner confirms."""
    sha256: str = ""
    """Of the whole file, if the client sent it."""
    mark: str = ""
    """Client token that identifies the file on resume; stored as it is."""
    offset: int = 0
    """Bytes received; the client resumes here."""
    parts: tuple[str, ...] = ()
    """Objects in the staging bucket whose concatenation is the file."""
    digests: tuple[str, ...] = ()
    """SHA-256 of each part; empty, or missing at the end, where it is not known."""
    answers: dict[str, str] = field(default_factory=dict)
    """The owner's answers to the questions about the file, by question key."""
    proposed: Proposal | None = None
    """A new contract that an administrator must accept before the file is read."""
    requested_region: str = ""
    """The region that the owner asks administrators for, because it is not one of theirs."""
    session: str = ""
    """URL to which the client sends the bytes, at the object store; empty if they pass through the portal."""
    batch_id: str = ""
    """The batch created from the file; empty until then."""

    @property
    def is_cancelled(self) -> bool:
        """Whether its owner gave it up while the store may have had all of it already."""
        return not self.by

    @property
    def whole(self) -> bool:
        return self.offset == self.size

    @property
    def waits(self) -> bool:
        """Whether it is complete and its preview is not confirmed yet."""
        return self.whole and self.look and not self.batch_id

    def to_json(self) -> dict[str, Any]:
        data = asdict(self)
        return data | {"proposed": data["proposed"] or {}}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> "ResumableUpload":
        proposed = Proposal.from_json(data["proposed"]) if data["proposed"] else None
        parts, digests = tuple(data["parts"]), tuple(data.get("digests", ()))
        return cls(**data | {"parts": parts, "digests": digests, "proposed": proposed})
