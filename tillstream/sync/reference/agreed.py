"""What both sides last agreed about each entry of reference data: the digest, and the version at the head office."""

from collections.abc import Mapping
from typing import NamedTuple

from tillstream.ports import Ports
from tillstream.ports.documents import Document, Update, update_document
from tillstream.sync import status

COLLECTION = "sync_agreed"


class Agreed(NamedTuple):
    """version: of the entry at the head office. An older version there shows that its backup was restored."""

    digest: str
    version: int


def of_group(ports: Ports, group: str) -> dict[str, Agreed]:
    """Key → what was agreed."""
    return _decoded(ports.documents.get(COLLECTION, group), status.get(ports).to)


def note(ports: Ports, group: str, agreed: Mapping[str, Agreed]) -> None:
    """Note agreements about entries of a group, with the head office of today."""
    to = status.get(ports).to

    def changed(document: Document | None) -> Update | Document | None:
        old = _decoded(document, to)
        new = {**old, **agreed}
        entries = {key: list(one) for key, one in sorted(new.items())}
        return document if new == old else Update({"to": to, "entries": entries})

    update_document(ports.documents, COLLECTION, group, changed)


def _decoded(document: Document | None, to: str) -> dict[str, Agreed]:
    """What was agreed with the head office at this address; nothing with any other."""
    if document is None or document.data["to"] != to:
        return {}
    return {key: Agreed(*one) for key, one in document.data["entries"].items()}
