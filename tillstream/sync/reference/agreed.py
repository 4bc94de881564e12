"""What both sides last agreed about each entry of reference data: the digest, and the version at the head office."""

from collections.abc import Mapping
from typing import NamedTuple

from tillstream.ports import Ports
from tillstream.ports.document_store import Document, Update, update

COLLECTION = "sync_agreed"


class Agreed(NamedTuple):
    """version: of the entry at the head office. An older version there shows that its backup was restored."""

    digest: str
    version: int


def of_group(ports: Ports, group: str) -> dict[str, Agreed]:
    """Key → what was agreed."""
    return _decoded(ports.documents.get(COLLECTION, group))


def note(ports: Ports, group: str, agreed: Mapping[str, Agreed]) -> None:
    """Note agreements about entries of a group."""

    def changed(document: Document | None) -> Update | Document | None:
        old = _decoded(document)
        new = {**old, **agreed}
        return document if new == old else Update({"entries": {key: list(one) for key, one in sorted(new.items())}})

    update(ports.documents, COLLECTION, group, changed)


def _decoded(document: Document | None) -> dict[str, Agreed]:
    return {key: Agreed(*one) for key, one in document.data["entries"].items()} if document else {}
