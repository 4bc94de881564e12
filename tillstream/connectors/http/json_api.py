"""JSON APIs that return records in pages, and the settings that they share."""

import json
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import contextmanager
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

from tillstream.connectors.http.paging import JsonPath, PageRequest, Paging
from tillstream.connectors.http.session import check_status, check_url, open_session, translated_errors
from tillstream.connectors.rows import row_digest
from tillstream.connectors.source import ConnectionAccess, SourceSetting, whole_number
from tillstream.model.errors import Rejected, Unavailable
from tillstream.optional_packages import need_package

TOKEN = SourceSetting("token", "Access token", is_required=True, is_credential=True)
REQUESTS_PER_SECOND = SourceSetting("per_second", "Requests a second", default="2")
LOOK_BACK = SourceSetting("look_back", "Look back", "Seconds in which orders may appear late", "300")
FILE_ROWS = SourceSetting("file_rows", "Rows in a file", default="10000")
MAX_LOOK_BACK = 10**8

ApiRecord = dict[str, Any]
RecordPages = Generator[list[ApiRecord], None, None]
_MAX_REPEATS = 2
"""A page that comes more often in a row is a sign that the API ignores the number of the page."""


def file_rows(settings: Mapping[str, str]) -> int:
    return whole_number(settings, "file_rows", at_least=1, at_most=1_000_000)


def requests_per_second(settings: Mapping[str, str]) -> float:
    """Raises `Rejected` for another text than a number from 0.01 to 100."""
    try:
        number = float(settings["per_second"])
    except ValueError:
        number = 0
    if not 0.01 <= number <= 100:
        raise Rejected(f"per_second must be a number from 0.01 to 100, not “{settings['per_second'][:50]}”.")
    return number


def bearer_header(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


class JsonApi:
    """An API. authorise: returns the headers that contain credentials; they are read when the API is called."""

    def __init__(
        self, url: str, access: ConnectionAccess, *, per_second: float, authorise: Callable[[], Mapping[str, str]]
    ) -> None:
        need_package("requests")
        need_package("jsonpath_ng")
        check_url(url)
        parts = urlsplit(url)
        self.host = parts.hostname or ""
        self._url, self._origin = url, parts[:2]
        self._access, self._per_second, self._authorise = access, per_second, authorise

    def pages(
        self,
        paging: Paging,
        records: str,
        *,
        is_optional: bool = False,
        params: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        body: ApiRecord | None = None,
    ) -> RecordPages:
        """The records of each page. records: JSONPath of their list; is_optional: it may be absent if there is none.

        body: of a POST. Raises `Rejected` and `Unavailable`.
        """
        path, request = JsonPath(records), PageRequest(self._url, dict(params or {}), body)
        paging.start(request)
        secrets = dict(self._authorise())
        session = open_session(self._access, self._per_second, frozenset(map(str.lower, secrets)))
        session.headers.update({**secrets, **(headers or {})})
        requests, previous, repeats, is_left = set[int](), 0, 0, True
        with session:
            while is_left:
                with translated_errors(self.host):
                    response = session.request(
                        "GET" if body is None else "POST", request.url, params=request.params, json=request.body
                    )
                document = self._document(response)
                page = self._records(path.values(document), document, records, is_optional=is_optional)
                with _malformed_pages():
                    is_left = paging.advance(request, response, document, page)
                content = row_digest(repr(page).encode())
                repeats = repeats + 1 if content == previous and page else 0
                previous = content
                if repeats > _MAX_REPEATS:
                    raise Rejected(f"{self.host} returns the same page again and again. Check the settings of paging.")
                if is_left:
                    self._check_next(request, requests)
                yield page

    def _document(self, response: Any) -> Any:
        """The JSON of a response after its last try, with all digits of numbers."""
        check_status(self.host, response.status_code)
        try:
            return json.loads(response.content, parse_float=Decimal)
        except (ValueError, RecursionError):
            kind = response.headers.get("Content-Type", "a response without type").partition(";")[0]
            raise Unavailable(
                f"{self.host} returned {kind} instead of JSON: a page for people, or an answer that was cut off."
            ) from None

    def _records(self, values: list[Any], document: Any, records: str, *, is_optional: bool) -> list[ApiRecord]:
        """The records of a page: the value at the path, or all values if the path leads to several."""
        if not values and not is_optional:
            names = ", ".join(list(document)[:10]) if isinstance(document, dict) else "a list"
            raise Rejected(f"The response of {self.host} has no {records}; it has: {names}.")
        page = values[0] if len(values) == 1 else values
        page = page if isinstance(page, list) else [] if page is None else [page]
        if not all(isinstance(record, dict) for record in page):
            raise Rejected(f"{records} in the response of {self.host} is not a list of objects.")
        return page

    def _check_next(self, request: PageRequest, requests: set[int]) -> None:
        """The next page is on the same host, because the credential is sent there, and was not read before."""
        if urlsplit(request.url)[:2] != self._origin:
            raise Rejected(f"{self.host} continues on another host: {urlsplit(request.url).hostname}.")
        signature = row_digest(repr((request.url, request.params, request.body)).encode())
        if signature in requests:
            raise Rejected(f"The next page that {self.host} names was read before. Check the settings of paging.")
        requests.add(signature)


@contextmanager
def _malformed_pages() -> Iterator[None]:
    """A next page or a cursor of another type."""
    try:
        yield
    except (AttributeError, TypeError, ValueError) as error:
        raise Rejected(f"The API has other paging than the settings: {error}") from error
