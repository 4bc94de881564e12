"""Paging of API lists: limits, opaque cursors, and the link to the next page."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import MutableMapping
from dataclasses import dataclass
from typing import Any

from flask import Response, request
from werkzeug.datastructures import MultiDict

from portal.api import texts
from portal.urls import with_args
from tillstream.model import json_text
from tillstream.model.errors import Conflict, Rejected

MAX_OFFSET = 2**31 - 1
NUMBERS = ("string", "number")
"""Forms of decimals in JSON; the first is the default."""


class ListChanged(Conflict):
    """A settlement changed the ranks of the list since its first page."""

    def __init__(self) -> None:
        super().__init__(texts.LIST_CHANGED)


def encode_cursor(name: str, *position: str | int) -> str:
    """Cursor of the list `name` after a position."""
    return urlsafe_b64encode(json.dumps([name, *position]).encode()).rstrip(b"=").decode()


def decode_cursor(name: str, cursor: str, *kinds: type[str] | type[int]) -> list[Any]:
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


@dataclass(frozen=True)
class ApiPage:
    """`cursor`: the position to read on from, empty for the first page; `offset`: rows to skip, instead of a cursor."""

    limit: int
    offset: int
    cursor: str

    def linked(self, response: Response, following: str | None, total: int | None = None) -> Response:
        """Add `Link: rel="next"` to the cursor `following`, and `X-Total-Count` if the total is known.

        A caller who pages by `offset` gets a link with the next offset.
        """
        if following:
            by_offset = "offset" in request.args
            position = {"offset": self.offset + self.limit} if by_offset else {"cursor": following}
            query = with_args(request.args.to_dict(flat=False), limit=self.limit, **position)
            response.headers["Link"] = f'<{request.path}?{query}>; rel="next"'
        if total is not None:
            response.headers["X-Total-Count"] = str(total)
        return response


def pop_page(args: MutableMapping[str, Any], default: int, maximum: int) -> ApiPage:
    """Page of the arguments `limit`, `cursor` and `offset`, which are removed from them. Raises `Rejected`."""
    if "cursor" in args and "offset" in args:
        raise Rejected(texts.CURSOR_AND_OFFSET)
    limit, offset = number_argument(args, "limit", default, maximum), number_argument(args, "offset", 0, MAX_OFFSET)
    return ApiPage(limit, offset, _first(args.pop("cursor", "")))


def pop_numbers(args: MutableMapping[str, Any]) -> bool:
    """Whether `numbers=number` requests decimals as JSON numbers; the argument is removed. Raises `Rejected`."""
    text = _first(args.pop("numbers", NUMBERS[0]))
    if text not in NUMBERS:
        raise Rejected(texts.numbers(text, NUMBERS))
    return text == "number"


def _first(values: Any) -> str:
    return str(values[0] if isinstance(values, list) else values)


def number_argument(args: MutableMapping[str, Any], name: str, default: int, maximum: int) -> int:
    values = args.pop(name, None)
    if values is None:
        return default
    text = _first(values)
    if not (text.isascii() and text.isdigit() and len(text) <= 10 and int(text) <= maximum):
        raise Rejected(texts.no_whole_number(name, text, maximum))
    return int(text)


def only_arguments(args: MultiDict[str, str], *names: str) -> dict[str, str]:
    """The arguments with one value each. Raises `Rejected` for unknown arguments."""
    unknown = sorted(set(args) - set(names))
    if unknown:
        raise Rejected(texts.no_parameter(unknown, names))
    return args.to_dict()
