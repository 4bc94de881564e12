"""The API area's pages of lists: `limit` and `offset` as every list takes them, and the link to the next page."""

from collections.abc import MutableMapping
from dataclasses import dataclass
from typing import Any

from flask import Response, request
from werkzeug.datastructures import MultiDict

from portal.urls import with_args
from tillstream.domain.errors import Rejected

GREATEST = 2**31 - 1


@dataclass(frozen=True)
class Page:
    limit: int
    offset: int

    def linked(self, response: Response, *, more: bool, total: int | None = None) -> Response:
        """`Link: rel="next"` while there is more, and where it is known without work `X-Total-Count`."""
        if more:
            following = with_args(request.args.to_dict(flat=False), limit=self.limit, offset=self.offset + self.limit)
            response.headers["Link"] = f'<{request.path}?{following}>; rel="next"'
        if total is not None:
            response.headers["X-Total-Count"] = str(total)
        return response


def taken(given: MutableMapping[str, Any], usual: int, most: int) -> Page:
    """The page that the arguments ask for; they lose `limit` and `offset`. Raises `Rejected`."""
    limit, offset = _number(given, "limit", usual, most), _number(given, "offset", 0, GREATEST)
    return Page(limit, offset)


def _number(given: MutableMapping[str, Any], name: str, usual: int, most: int) -> int:
    texts = given.pop(name, None)
    if texts is None:
        return usual
    text = texts[0] if isinstance(texts, list) else texts
    if not (text.isascii() and text.isdigit() and len(text) <= 10 and int(text) <= most):
        raise Rejected(f"{name} is “{text}”; it must be a whole number from 0 to {most}.")
    return int(text)


def only(args: MultiDict[str, str], *names: str) -> dict[str, str]:
    """The arguments, each once. Raises `Rejected` for any other."""
    unknown = sorted(set(args) - set(names))
    if unknown:
        raise Rejected(f"There is no parameter {', '.join(unknown)}; there are {', '.join(names)}.")
    return args.to_dict()
