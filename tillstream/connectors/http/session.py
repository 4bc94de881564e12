"""A session of requests that connects to checked addresses only, paces its requests and bounds their responses."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from tillstream import __version__
from tillstream.connectors.pinned_connections import pin
from tillstream.connectors.source import ConnectionAccess
from tillstream.model.errors import Rejected, Unavailable, reason_of
from tillstream.ports.machine import Clock

USER_AGENT = f"Tillstream/{__version__}"
MAX_BYTES = 64 << 20
MAX_SECONDS = 300
_TIMEOUT = (10.0, 60.0)
"""Seconds to connect, and to wait for the next bytes."""
_ATTEMPTS, _BACKOFF_SECONDS, _MAX_PAUSE_SECONDS = 5, 0.5, 60
_BUSY = frozenset({429, *range(500, 600)})
_MAX_REDIRECTS = 5


def check_url(url: str) -> None:
    """Raise `Rejected` unless it is an HTTP address without credentials."""
    try:
        parts = urlsplit(url)
        is_address = parts.scheme in ("https", "http") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_address = False
    if not is_address:
        raise Rejected("Enter the URL with https://, for example https://shop.example.com/api/orders.")
    if parts.username or parts.password:
        raise Rejected("The URL contains a user or a password. Enter a reference to a credential instead.")


def open_session(access: ConnectionAccess, per_second: float, secret_headers: frozenset[str] = frozenset()) -> Any:
    """A session that tries again after 429 and 5xx, for as long as `Retry-After` states and at most a minute.

    secret_headers: lower-case names of headers that a redirect to another host does not receive.
    """
    from requests import Session

    session = Session()
    session.trust_env, session.max_redirects = False, _MAX_REDIRECTS
    session.headers["User-Agent"] = USER_AGENT
    session.rebuild_auth = _redirect_check(session, secret_headers)
    adapter = _adapter(access, per_second, secret_headers)
    for scheme in ("http://", "https://"):
        session.mount(scheme, adapter)
    return session


def _redirect_check(session: Any, secret_headers: frozenset[str]) -> Any:
    def check(request: Any, response: Any) -> None:
        """Called for each redirect, before it is followed."""
        before, after = response.request.url, request.url
        if urlsplit(before).scheme == "https" and urlsplit(after).scheme != "https":
            raise Rejected(f"{urlsplit(before).hostname} redirects to an address without https.")
        if session.should_strip_auth(before, after):
            for name in [name for name in request.headers if name.lower() in secret_headers | {"authorization"}]:
                del request.headers[name]

    return check


def _adapter(access: ConnectionAccess, per_second: float, secret_headers: frozenset[str]) -> Any:
    from requests.adapters import HTTPAdapter

    class CheckedAdapter(HTTPAdapter):
        def __init__(self) -> None:
            self._next_at = access.clock.now()
            super().__init__()
            pin(self.poolmanager, access)

        def send(self, request: Any, **options: Any) -> Any:
            """The response of the last try. Its body is read here, as a connection can also end in it."""
            options["timeout"] = options.get("timeout") or _TIMEOUT
            return _last_try(lambda: self._send_once(request, options), access.clock)

        def _send_once(self, request: Any, options: Any) -> Any:
            pause = (self._next_at - access.clock.now()).total_seconds()
            if pause > 0:
                access.clock.sleep(pause)
            self._next_at = access.clock.now() + timedelta(seconds=1 / per_second)
            if any(name.lower() in secret_headers for name in request.headers):
                _check_encryption(request.url, access)
            response = super().send(request, **options)
            if not options.get("stream"):
                _ = response.content
            return response

        def build_response(self, request: Any, response: Any) -> Any:
            return super().build_response(request, _Bounded(response, urlsplit(request.url).hostname or ""))

    return CheckedAdapter()


def _last_try(send: Callable[[], Any], clock: Clock) -> Any:
    """The first response that is neither 429 nor 5xx, else what the last try gives or raises."""
    from requests.exceptions import ChunkedEncodingError, ConnectionError, Timeout  # noqa: A004

    for attempt in range(1, _ATTEMPTS):
        header = None
        try:
            response = send()
        except (Timeout, ConnectionError, ChunkedEncodingError):
            pass
        else:
            if response.status_code not in _BUSY:
                return response
            header = response.headers.get("Retry-After")
            response.close()  # one whose body is streamed would keep its connection
        clock.sleep(_pause(attempt, header))
    return send()


def _pause(attempt: int, retry_after: str | None) -> float:
    """Seconds until the next try: those of the header `Retry-After`, else twice as many after each try."""
    from urllib3.exceptions import InvalidHeader
    from urllib3.util import Retry

    seconds = 0.0
    if retry_after:
        with suppress(InvalidHeader):
            seconds = Retry().parse_retry_after(retry_after)
    return min(seconds if seconds > 0 else _BACKOFF_SECONDS * 2 ** (attempt - 1), _MAX_PAUSE_SECONDS)


def _check_encryption(url: str, access: ConnectionAccess) -> None:
    parts = urlsplit(url)
    if parts.scheme == "http":
        address = ip_address(access.check_host(parts.hostname or "", parts.port or 80))
        if address.is_global:
            raise Rejected(f"The credential is only sent over https. Enter the URL of {parts.hostname} with https://.")


class _Bounded:
    """A response whose body is at most `MAX_BYTES`, received in at most `MAX_SECONDS`."""

    def __init__(self, response: Any, host: str) -> None:
        self._response, self._host = response, host
        self._ends_at = time.monotonic() + MAX_SECONDS

    def __getattr__(self, name: str) -> Any:
        return getattr(self._response, name)

    def stream(self, size: int, **options: Any) -> Iterator[bytes]:
        total = 0
        try:
            for chunk in self._response.stream(size, **options):
                total += len(chunk)
                self._check(total)
                yield chunk
        except (Rejected, Unavailable):
            self._response.close()
            raise

    def _check(self, total: int) -> None:
        if total > MAX_BYTES:
            raise Rejected(f"{self._host} sent more than {MAX_BYTES >> 20} MB. Choose smaller pages.")
        if time.monotonic() > self._ends_at:
            raise Unavailable(f"{self._host} did not finish its response in {MAX_SECONDS} seconds.")


@contextmanager
def translated_errors(host: str) -> Iterator[None]:
    """Errors of requests as `Unavailable`, or as `Rejected` if a person must act."""
    from requests import exceptions

    try:
        yield
    except exceptions.SSLError as error:
        raise Rejected(f"{host} has no valid certificate, or none for this name.") from error
    except (exceptions.TooManyRedirects, exceptions.InvalidURL, exceptions.InvalidSchema) as error:
        raise Rejected(f"{host} redirects in a circle or to an address that is not HTTP.") from error
    except exceptions.Timeout as error:
        raise Unavailable(f"{host} did not respond in {_TIMEOUT[1]:.0f} seconds.") from error
    except exceptions.RequestException as error:
        raise Unavailable(f"The connection to {host} failed: {_cause(error)}.") from error


def _cause(error: BaseException) -> str:
    """The reason of the system below the errors of libraries, else the name of the error."""
    inner: BaseException | None = error
    while inner is not None:
        if isinstance(inner, OSError) and inner.strerror:
            return reason_of(inner)
        inner = inner.__cause__ or inner.__context__
    return type(error).__name__


def check_status(host: str, status: int) -> None:
    """Raise `Rejected` or `Unavailable` for a status that is no success."""
    if status in (401, 403):
        raise Rejected(f"{host} refuses the credential (status {status}). Check it and its permissions.")
    if status == 429 or status >= 500:
        raise Unavailable(f"{host} is overloaded or out of order (status {status}).")
    if status >= 300:
        raise Rejected(f"{host} refuses the request (status {status}). Check the URL and the parameters.")
