"""The statements that a person ran last."""

from dataclasses import asdict, dataclass
from itertools import accumulate

from tillstream.ports import Ports
from tillstream.ports.documents import Document, Update, update_document

COLLECTION = "sql_history"
KEPT = 50
MOST_CHARACTERS = 200_000
"""Of all statements that are kept, so that the document of a person stays small."""


@dataclass(frozen=True)
class Entry:
    """at: when it was run. rows: how many it returned. problem: why it failed; empty: it did not."""

    at: str
    text: str
    rows: int = 0
    seconds: float = 0.0
    problem: str = ""


def entries(ports: Ports, login: str, account: str) -> list[Entry]:
    """The last statements, the newest first. account: when the account was created."""
    document = ports.documents.get(COLLECTION, login)
    if document is None or document.data["account"] != account:
        return []
    return [Entry(**one) for one in document.data["entries"]]


def record(ports: Ports, login: str, account: str, entry: Entry) -> None:
    """Add a statement; the same text is kept once, the oldest ones are dropped."""

    def added(document: Document | None) -> Update:
        is_own = document is not None and document.data["account"] == account
        earlier = document.data["entries"] if document and is_own else []
        others = [one for one in earlier if one["text"] != entry.text]
        kept = [asdict(entry), *others][:KEPT]
        sizes = accumulate(len(one["text"]) + len(one["problem"]) for one in kept)
        entries = [one for one, size in zip(kept, sizes, strict=True) if size <= MOST_CHARACTERS]
        return Update({"login": login, "account": account, "entries": entries})

    update_document(ports.documents, COLLECTION, login, added)
