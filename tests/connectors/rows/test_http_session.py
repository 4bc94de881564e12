"""Credentials are sent over https, except within a private network, and do not follow a redirect to plain HTTP."""

from io import BytesIO

import pytest
from connectors.open_access import OpenAccess
from connectors.rows.pulled import open_source
from requests import PreparedRequest, Response
from requests.adapters import HTTPAdapter

from tillstream.connectors.http.session import open_session
from tillstream.model.errors import Rejected, Unavailable

REFERENCE = "env:TILLSTREAM_SOURCE_API"


class PublicAccess(OpenAccess):
    """Every host has a public address."""

    def check_host(self, host: str, port: int) -> str:
        super().check_host(host, port)
        return "8.8.8.8"


def test_a_credential_is_not_sent_over_plain_http() -> None:
    settings = {"url": "http://api.shop.example/orders", "authentication": "bearer", "credential": REFERENCE}
    source = open_source("http_json", PublicAccess({REFERENCE: "secret"}), **settings)
    with pytest.raises(Rejected, match="only sent over https") as error:
        source.test()
    assert "secret" not in str(error.value)


def test_a_server_that_is_away_is_named_with_the_reason() -> None:
    with pytest.raises(Unavailable, match=r"The connection to 127\.0\.0\.1 failed: connection refused\.$"):
        open_source("http_json", OpenAccess(), url="http://127.0.0.1:9/orders").test()


def redirect(before: str, after: str) -> PreparedRequest:
    """The request that follows a redirect, as requests prepares it."""
    request, response = PreparedRequest(), Response()
    request.prepare("GET", after, headers={"X-Key": "secret", "Authorization": "secret", "Accept": "*/*"})
    response.request = PreparedRequest()
    response.request.prepare("GET", before)
    with open_session(OpenAccess(), 1, frozenset({"x-key"})) as opened:
        opened.rebuild_auth(request, response)
    return request


def test_redirects_keep_credentials_within_a_host_only() -> None:
    kept = redirect("https://shop.example/a", "https://shop.example/b")
    assert kept.headers["X-Key"] == "secret"
    other = redirect("https://shop.example/a", "https://other.example/b")
    assert dict(other.headers) == {"Accept": "*/*"}
    with pytest.raises(Rejected, match="without https"):
        redirect("https://shop.example/a", "http://shop.example/a")


def streamed(status: int) -> Response:
    """A response whose body was not read."""
    response = Response()
    response.status_code, response.raw = status, BytesIO(b"content")
    return response


def test_a_streamed_response_of_a_busy_server_is_closed_before_the_next_try(monkeypatch: pytest.MonkeyPatch) -> None:
    busy, answer = streamed(503), streamed(200)
    answers = iter([busy, answer])
    monkeypatch.setattr(HTTPAdapter, "send", lambda *_arguments, **_options: next(answers))
    with open_session(OpenAccess(), 1) as opened:
        assert opened.get("http://shop.example/orders", stream=True) is answer
    assert busy.raw.closed
    assert not answer.raw.closed
