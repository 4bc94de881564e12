"""Paging of API lists: the arguments `limit` and `offset`, and the link to the next page."""

from collections.abc import MutableMapping
from dataclasses import dataclass
from typing import Any

from flask import Response, request
from werkzeug.datastructures import MultiDict

from portal.urls import with_args
from tillstream.domain.errors import Rejected

MAX_OFFSET = 2**31 - 1


@dataclass(frozen=True)
class Page:
    limit: int
    offset: int

    def linked(self, response: Response, *, more: bool, total: int | None = None) -> Response:
        """Add `Link: rel="next"` if there are more rows, and `X-Total-Count` if the total is known."""
        if more:
            following = with_args(request.args.to_dict(flat=False), limit=self.limit, offset=self.offset + self.limit)
            response.headers["Link"] = f'<{request.path}?{following}>; rel="next"'
        if total is not None:
            response.headers["X-Total-Count"] = str(total)
        return response


def pop_page(args: MutableMapping[str, Any], default: int, maximum: int) -> Page:
    """Page of the arguments `limit` and `offset`, which are removed from them. Raises `Rejected`."""
    limit, offset = _number(args, "limit", default, maximum), _number(args, "offset", 0, MAX_OFFSET)
    return Page(limit, offset)


def _number(args: MutableMapping[str, Any], name: str, default: int, maximum: int) -> int:
    texts = args.pop(name, None)
    if texts is None:
        return default
    text = texts[0] if isinstance(texts, list) else texts
    if not (text.isascii() and text.isdigit() and len(text) <= 10 and int(text) <= maximum):
        raise Rejected(f"{name} is “{text}”; it must be a whole number from 0 to {maximum}.")
    return int(text)


def only(args: MultiDict[str, str], *names: str) -> dict[str, str]:
    """The arguments with one value each. Raises `Rejected` for unknown arguments."""
    unknown = sorted(set(args) - set(names))
    if unknown:
        raise Rejected(f"There is no parameter {', '.join(unknown)}. Use one of: {', '.join(names)}.")
    return args.to_dict()
