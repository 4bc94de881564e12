"""JSON APIs that return records in pages, read with the REST client of dlt, and the settings that they share."""

import json
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import contextmanager
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

from tillstream.connectors.http.session import check_status, check_url, open_session, translated_errors
from tillstream.connectors.rows import row_digest
from tillstream.connectors.source import ConnectionAccess, SourceSetting, whole_number
from tillstream.model.errors import Rejected, Unavailable

TOKEN = SourceSetting("token", "Access token", is_required=True, is_credential=True)
REQUESTS_PER_SECOND = SourceSetting("per_second", "Requests a second", default="2")
LOOK_BACK = SourceSetting("look_back", "Look back", "Seconds in which orders may appear late", "300")
FILE_ROWS = SourceSetting("file_rows", "Rows in a file", default="10000")
MAX_LOOK_BACK = 10**8


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


ApiRecord = dict[str, Any]
RecordPages = Generator[list[ApiRecord], None, None]
_MAX_REPEATS = 2
"""A page that comes more often in a row is a sign that the API ignores the number of the page."""


class JsonApi:
    """An API. authorise: returns the headers that contain credentials; they are read when the API is called."""

    def __init__(
        self, url: str, access: ConnectionAccess, *, per_second: float, authorise: Callable[[], Mapping[str, str]]
    ) -> None:
        check_url(url)
        parts = urlsplit(url)
        self.host = parts.hostname or ""
        self._url, self._origin = url, parts[:2]
        self._access, self._per_second, self._authorise = access, per_second, authorise

    def pages(
        self, paginator: Any, records: str, *, is_optional: bool = False, body: ApiRecord | None = None, **request: Any
    ) -> RecordPages:
        """The records of each page. records: JSONPath of their list; is_optional: it may be absent if there is none.

        body: of a POST. request: params and headers. Raises `Rejected` and `Unavailable`.
        """
        from dlt.common.configuration.specs import RuntimeConfiguration
        from dlt.sources.helpers.rest_client import RESTClient

        secrets = dict(self._authorise())
        session = open_session(self._access, self._per_second, frozenset(map(str.lower, secrets)))
        client = RESTClient(
            self._url, headers=secrets, session=session, config=RuntimeConfiguration(), data_selector=records
        )
        pages = client.paginate(
            self._url,
            "POST" if body is not None else "GET",
            json=body,
            paginator=paginator,
            hooks={"response": [self._decode_exactly]},
            **request,
        )
        requests, previous, repeats = set[int](), 0, 0
        with session:
            while True:
                with translated_errors(self.host), _malformed_pages():
                    page = next(pages, None)
                if page is None:
                    return
                self._check(page, records, is_optional=is_optional)
                content = row_digest(repr(list(page)).encode())
                repeats = repeats + 1 if content == previous and page else 0
                previous = content
                if repeats > _MAX_REPEATS:
                    raise Rejected(f"{self.host} returns the same page again and again. Check the settings of paging.")
                if page.paginator.has_next_page:
                    self._check_next(page.request, requests)
                yield list(page)

    def _decode_exactly(self, response: Any, *_: Any, **__: Any) -> None:
        """Let `json()` of a response check it, after the last try, and keep all digits of numbers."""

        def document(**_: Any) -> Any:
            check_status(self.host, response.status_code)
            try:
                return json.loads(response.content, parse_float=Decimal)
            except (ValueError, RecursionError):
                kind = response.headers.get("Content-Type", "a response without type").partition(";")[0]
                raise Unavailable(
                    f"{self.host} returned {kind} instead of JSON: a page for people, or an answer that was cut off."
                ) from None

        response.json = document

    def _check(self, page: Any, records: str, *, is_optional: bool) -> None:
        from dlt.common import jsonpath

        document = page.response.json()
        if not jsonpath.find_values(records, document) and not is_optional:
            names = ", ".join(list(document)[:10]) if isinstance(document, dict) else "a list"
            raise Rejected(f"The response of {self.host} has no {records}; it has: {names}.")
        if not all(isinstance(record, dict) for record in page):
            raise Rejected(f"{records} in the response of {self.host} is not a list of objects.")

    def _check_next(self, request: Any, requests: set[int]) -> None:
        """The next page is on the same host, because the credential is sent there, and was not read before."""
        if urlsplit(request.url)[:2] != self._origin:
            raise Rejected(f"{self.host} continues on another host: {urlsplit(request.url).hostname}.")
        signature = row_digest(repr((request.url, request.params, request.json)).encode())
        if signature in requests:
            raise Rejected(f"The next page that {self.host} names was read before. Check the settings of paging.")
        requests.add(signature)


@contextmanager
def _malformed_pages() -> Iterator[None]:
    """dlt raises these for a next page or a cursor of another type."""
    try:
        yield
    except (AttributeError, TypeError, ValueError) as error:
        raise Rejected(f"The API has other paging than the settings: {error}") from error
