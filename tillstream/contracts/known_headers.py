"""The headers that the files of a contract had, so that a new one is noticed once."""

import re
from collections.abc import Sequence

from tillstream.domain.contract.model import Contract
from tillstream.domain.errors import Conflict
from tillstream.ports import Ports

COLLECTION = "columns"
UNNAMED = re.compile(r"\s*|column \d+")
"""How readers call a column without a name: nobody is asked about trailing delimiters."""
MOST = 2_000
"""A file of more columns is no file of a shop; nobody is asked about each of them."""


def new(ports: Ports, contract: Contract, header: Sequence[str]) -> list[str]:
    """Headers that neither the contract names nor an earlier file had; none in the first file of a contract."""
    if contract.new_columns == "keep" or len(header) > MOST:
        return []
    told = _told(contract)
    unknown = [name for name in header if name not in told]
    if not unknown:
        return []
    before = set(seen(ports, contract))
    if not before and not contract.extra_columns:
        return []
    return [name for name in dict.fromkeys(unknown) if not UNNAMED.fullmatch(name) and name not in before]


def seen(ports: Ports, contract: Contract) -> list[str]:
    """The headers of earlier files; none where there was none."""
    document = ports.documents.get(COLLECTION, contract.name)
    return list(document.data["seen"]) if document else []


def remember(ports: Ports, contract: Contract, header: Sequence[str]) -> None:
    """These headers are known from now on."""
    if contract.new_columns == "keep" or not header or len(header) > MOST:
        return
    while True:
        document = ports.documents.get(COLLECTION, contract.name)
        before: list[str] = document.data["seen"] if document else []
        told = set(before)
        added = [name for name in dict.fromkeys(header) if name not in told]
        if document and not added:
            return
        try:
            data = {"seen": [*before, *added]}
            ports.documents.put(COLLECTION, contract.name, data, if_version=document.version if document else 0)
        except Conflict:
            continue
        return


def _told(contract: Contract) -> set[str]:
    return {*contract.headers, *contract.extra_columns}
