"""How JSON APIs name their next page, and values at JSON paths."""

from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import urljoin, urlsplit

from tillstream.model.errors import Rejected


@dataclass
class PageRequest:
    """The request of a page; an object of paging changes it into that of the next one. body: of a POST."""

    url: str
    params: dict[str, Any]
    body: dict[str, Any] | None = None


class Paging(Protocol):
    """A style of paging, for one reading of an API."""

    def start(self, request: PageRequest) -> None:
        """Change the request into that of the first page."""

    def advance(self, request: PageRequest, response: Any, document: Any, records: list[Any]) -> bool:
        """Change the request into that of the next page; return whether there is one.

        document: the JSON of the response. Raises `AttributeError`, `TypeError` or `ValueError` for a next page of
        another type.
        """


class JsonPath:
    """A path into JSON, such as data.orders or $.data.edges[*].node. Raises `Rejected` for a text that is none."""

    def __init__(self, text: str) -> None:
        from jsonpath_ng.exceptions import JSONPathError
        from jsonpath_ng.ext import parse

        try:
            self._path = parse(text)
        except JSONPathError as error:
            raise Rejected(f"“{text[:100]}” is not a path such as data.orders.") from error

    def values(self, document: Any) -> list[Any]:
        return [match.value for match in self._path.find(document)]

    def first(self, document: Any) -> Any:
        """The first value; None if there is none."""
        return next(iter(self.values(document)), None)


class SinglePage:
    def start(self, request: PageRequest) -> None:
        """The request stays."""

    def advance(self, request: PageRequest, response: Any, document: Any, records: list[Any]) -> bool:  # noqa: ARG002 - the protocol
        return False


class _NextUrl:
    """The API gives the URL of the next page, which can be relative."""

    def start(self, request: PageRequest) -> None:
        """The request stays."""

    def advance(self, request: PageRequest, response: Any, document: Any, records: list[Any]) -> bool:  # noqa: ARG002 - the protocol
        url = self._url(response, document)
        if not url:
            return False
        request.url = url if urlsplit(url).scheme else urljoin(request.url, url)
        request.params = {}  # the URL has those that it needs
        return True

    def _url(self, response: Any, document: Any) -> Any:
        raise NotImplementedError


class LinkHeader(_NextUrl):
    """The header `Link` has the URL, with the relation “next”."""

    def _url(self, response: Any, document: Any) -> Any:  # noqa: ARG002 - as that of the class above
        return response.links.get("next", {}).get("url")


class UrlInBody(_NextUrl):
    """A value of the response is the URL."""

    def __init__(self, path: str) -> None:
        self._path = JsonPath(path)

    def _url(self, response: Any, document: Any) -> Any:  # noqa: ARG002 - as that of the class above
        return self._path.first(document)


class CursorInBody:
    """A value of the response is a parameter of the next request; `in_body`: a field of its body instead."""

    def __init__(self, path: str, name: str, *, in_body: bool = False) -> None:
        self._path, self._name, self._in_body = JsonPath(path), name, in_body

    def start(self, request: PageRequest) -> None:
        """The first request has no cursor."""

    def advance(self, request: PageRequest, response: Any, document: Any, records: list[Any]) -> bool:  # noqa: ARG002 - the protocol
        cursor = self._path.first(document)
        if not cursor:
            return False
        if self._in_body:
            request.body = {**(request.body or {}), self._name: cursor}
        else:
            request.params[self._name] = cursor
        return True


class CountedPages:
    """A parameter grows with each page, until one is empty."""

    def __init__(self, name: str, first: int, step: int) -> None:
        self._name, self._number, self._step = name, first, step

    def start(self, request: PageRequest) -> None:
        request.params[self._name] = self._number

    def advance(self, request: PageRequest, response: Any, document: Any, records: list[Any]) -> bool:  # noqa: ARG002 - the protocol
        self._number += self._step
        request.params[self._name] = self._number
        return bool(records)
