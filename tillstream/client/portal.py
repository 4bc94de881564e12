"""A portal as the source of a client: Arrow streams over HTTP, page by page; reads that fail are repeated."""

import http.client
import json
import re
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from tillstream.goals.standings_frame import standings_table
from tillstream.model.errors import Conflict, NotFound, Rejected, Unavailable

ARROW, JSON = "application/vnd.apache.arrow.stream", "application/json"
PAGE = 10_000
"""Rows of a page, the maximum of the API."""
TRIES = 6
LONGEST_WAIT = 60.0
"""Seconds."""
BUSY = frozenset({429, 502, 503, 504})
_NEXT = re.compile(r'<([^>]+)>; rel="next"')
Texts = Mapping[str, Sequence[str]]


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """A redirect must not carry the token to another host."""

    def redirect_request(self, *args: Any, **kwargs: Any) -> None:  # noqa: ARG002 - what urllib passes
        return None


_OPENER = urllib.request.build_opener(_NoRedirects)


@dataclass(frozen=True)
class PortalSource:
    url: str
    token: str
    timeout: float

    def query(self, name: str, params: Texts, limit: int | None) -> pa.Table:
        return self._pages(f"/api/v1/queries/{urllib.parse.quote(name, safe='')}", dict(params), limit)

    def measures(self, names: Sequence[str], by: Sequence[str], filters: Texts) -> pa.Table:
        return self._pages("/api/v1/measures/values", {"measures": list(names), "by": list(by), **filters})

    def sales(self, filters: Texts) -> pa.Table:
        return self._pages("/api/v1/sale-lines", dict(filters))

    def stock(self, params: Texts) -> pa.Table:
        return self._pages("/api/v1/stock", dict(params))

    def goals(self, params: Texts) -> pa.Table:
        answer = self._json(f"/api/v1/goals?{urllib.parse.urlencode(params, doseq=True)}")
        return standings_table(answer["rows"], answer["measure"])

    def definitions(self) -> pa.Table:
        return pa.Table.from_pylist(self._json("/api/v1/measures")["measures"])

    def queries(self) -> pa.Table:
        return pa.Table.from_pylist(self._json("/api/v1/queries")["queries"])

    def _pages(self, path: str, params: dict[str, Sequence[str]], limit: int | None = None) -> pa.Table:
        """All pages of a list, or its first rows. A list that changed between two pages is read again."""
        for _ in range(TRIES):
            try:
                return self._all_pages(path, params, limit)
            except Conflict:
                continue
        raise Unavailable("New sales kept changing the list while it was read. Repeat the call, or choose fewer days.")

    def _all_pages(self, path: str, params: dict[str, Sequence[str]], limit: int | None) -> pa.Table:
        size = PAGE if limit is None else min(limit, PAGE)
        address = f"{path}?{urllib.parse.urlencode(params | {'limit': [str(size)]}, doseq=True)}"
        pages: list[pa.Table] = []
        while address:
            content, link = self._get(address, ARROW)
            pages.append(pa.ipc.open_stream(content).read_all().replace_schema_metadata(None))
            if limit is not None and sum(page.num_rows for page in pages) >= limit:
                break
            match = _NEXT.search(link)
            address = match[1] if match else ""
        table = pa.concat_tables(pages)
        return table if limit is None else table.slice(0, limit)

    def _json(self, path: str) -> Any:
        return json.loads(self._get(path, JSON)[0])

    def _get(self, address: str, accept: str) -> tuple[bytes, str]:
        """Content and the header `Link` of a response. Raises the error of the response, or `Unavailable`."""
        headers = {"Authorization": f"Bearer {self.token}", "Accept": accept}
        request = urllib.request.Request(f"{self.url}{address}", headers=headers)  # noqa: S310 - the user's own address
        for left in reversed(range(TRIES)):
            wait = 0.5 * 2 ** (TRIES - 1 - left)
            try:
                with _OPENER.open(request, timeout=self.timeout) as response:
                    return response.read(), response.headers.get("Link", "")
            except urllib.error.HTTPError as error:
                with error:
                    if error.code not in BUSY or not left:
                        raise _error(error, self.url) from error
                    wait = max(wait, _seconds(error.headers.get("Retry-After", "")))
            except (OSError, http.client.HTTPException) as error:
                if not left:
                    raise Unavailable(f"{self.url} cannot be reached: {error}.") from error
            time.sleep(min(wait, LONGEST_WAIT))
        raise AssertionError("the last try returns or raises")


def _seconds(text: str) -> float:
    return float(text) if text.isascii() and text.isdigit() else 0.0


def _error(error: urllib.error.HTTPError, url: str) -> Exception:
    """The error that the response describes."""
    if 300 <= error.code < 400:
        return Rejected(f"{url} redirects to {error.headers.get('Location')}; connect to that address.")
    try:
        detail = str(json.loads(error.read())["detail"])
    except (ValueError, KeyError, TypeError):
        detail = f"{url} answers {error.code} {error.reason}."
    kinds: dict[int, type[Exception]] = {404: NotFound, 409: Conflict}
    return kinds.get(error.code, Unavailable if error.code >= 500 or error.code == 429 else Rejected)(detail)
