"""Cursors of API lists: opaque positions to read on from."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any

from portal.api import texts
from tillstream.model import json_text
from tillstream.model.errors import Conflict, Rejected


class ListChanged(Conflict):
    """A settlement changed the ranks of the list since its first page."""

    def __init__(self) -> None:
        super().__init__(texts.LIST_CHANGED)


def encode(name: str, *position: str | int) -> str:
    """Cursor of the list `name` after a position."""
    return urlsafe_b64encode(json.dumps([name, *position]).encode()).rstrip(b"=").decode()


def decode(name: str, cursor: str, *kinds: type[str] | type[int]) -> list[Any]:
    """The position of a cursor of the list `name`, with values of these kinds. Raises `Rejected`."""
    try:
        value = json_text.decode_json(urlsafe_b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4)))
        json.dumps(value, ensure_ascii=False).encode()  # no part of a character
    except (ValueError, RecursionError):  # what `decode` reads can be too deep for `dumps`
        value = None
    if not isinstance(value, list) or value[:1] != [name] or [type(one) for one in value[1:]] != list(kinds):
        raise Rejected(texts.OTHER_LIST)
    if any(isinstance(one, int) and not 0 <= one < 2**63 for one in value[1:]):
        raise Rejected(texts.NO_CURSOR)
    return value[1:]
