"""Headers of the files that a source sent before, and which of a file are new."""

import re
from collections.abc import Sequence

from tillstream.model.contract import Contract
from tillstream.ports import Ports
from tillstream.ports.documents import Document, Update, update_document

HEADERS_COLLECTION = "columns"
_UNNAMED_HEADER = re.compile(r"\s*|column \d+")
"""Names that readers give to unnamed columns; ignored, as trailing delimiters produce them."""
MAX_CHECKED_COLUMNS = 2_000
"""A file with more columns is not checked for new ones."""


def new_headers(ports: Ports, contract: Contract, header: Sequence[str]) -> list[str]:
    """Headers that neither the contract nor an earlier file contains; none for the first file of a contract."""
    if contract.new_columns == "keep" or len(header) > MAX_CHECKED_COLUMNS:
        return []
    contract_headers = {*contract.headers, *contract.extra_columns}
    unknown = [name for name in header if name not in contract_headers]
    if not unknown:
        return []
    earlier = set(earlier_headers(ports, contract))
    if not earlier and not contract.extra_columns:
        return []
    return [name for name in dict.fromkeys(unknown) if not _UNNAMED_HEADER.fullmatch(name) and name not in earlier]


def earlier_headers(ports: Ports, contract: Contract) -> list[str]:
    """The headers of earlier files."""
    return _stored_headers(ports.documents.get(HEADERS_COLLECTION, contract.name))


def remember_headers(ports: Ports, contract: Contract, header: Sequence[str]) -> None:
    """Add these headers to those of earlier files."""
    if contract.new_columns == "keep" or not header or len(header) > MAX_CHECKED_COLUMNS:
        return

    def extended(document: Document | None) -> Update | Document:
        earlier = _stored_headers(document)
        existing = set(earlier)
        added = [name for name in dict.fromkeys(header) if name not in existing]
        return document if document and not added else Update({"seen": [*earlier, *added]})

    update_document(ports.documents, HEADERS_COLLECTION, contract.name, extended)


def _stored_headers(document: Document | None) -> list[str]:
    return list(document.data["seen"]) if document else []
