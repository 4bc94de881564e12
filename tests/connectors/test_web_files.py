"""Files of the web against a real server: what changed is read, and pages for people are not taken for files."""

import pytest
from connectors.open_access import OpenAccess
from connectors.rows.http_server import Answer, Request, serving

from tillstream.connectors.http import session
from tillstream.connectors.kinds.web_files import KIND
from tillstream.connectors.source import ConnectorSource, SourceItem
from tillstream.model.errors import Rejected, Unavailable

CSV = {"Content-Type": "text/csv; charset=utf-8"}


class Site:
    """Answers by path; `bodies` can be changed."""

    def __init__(self, **bodies: bytes):
        self.bodies = bodies
        self.headers = dict(CSV)

    def __call__(self, request: Request) -> Answer:
        name = request.path.strip("/").partition("/")[0]
        if name == "moved":
            return Answer(status=307, headers={"Location": "/a"})
        if name == "away":
            return Answer(status=302, headers={"Location": "http://inside.test:9/"})
        if name not in self.bodies:
            return Answer(status=404)
        return Answer(self.bodies[name], headers=self.headers)


def open_source(urls: str, access: OpenAccess | None = None, token: str = "") -> ConnectorSource:
    return KIND.open({"urls": urls, "token": token}, access or OpenAccess({"env:WEB": "secret-token"}))


def read(source: ConnectorSource, cursor: dict | None = None) -> tuple[dict[str, bytes], list[SourceItem]]:
    items = list(source.pull(cursor or {}))
    return {item.file: item.open().read() for item in items}, items


def test_each_address_is_a_file_and_redirects_are_followed():
    with serving(Site(a=b"1", b=b"2")) as server:
        source = open_source(f"{server.url}/moved/sales%20UK.csv\n{server.url}/b/pub?output=csv")
        files, items = read(source)
        assert files == {"sales UK.csv": b"1", "pub.csv": b"2"}
        assert source.behind() == 0
        assert read(source, items[-1].cursor) == ({}, [])
        assert source.test() == "Downloaded 2 files: sales UK.csv, pub.csv."


def test_the_name_in_the_response_comes_first():
    site = Site(a=b"1")
    site.headers["Content-Disposition"] = "attachment; filename=\"UK.csv\"; filename*=UTF-8''UK%20%C3%BC.csv"
    with serving(site) as server:
        assert list(read(open_source(f"{server.url}/a"))[0]) in (["UK ü.csv"], ["UK.csv"])


def test_a_file_that_changes_back_is_delivered_again():
    site = Site(a=b"1", b=b"same")
    with serving(site) as server:
        source, cursor, keys = open_source(f"{server.url}/a {server.url}/b"), {}, set()
        for content in (b"1", b"2", b"1"):
            site.bodies["a"] = content
            items = [item for item in source.pull(cursor) if item.file.startswith("a")]
            assert [item.open().read() for item in items] == [content]
            keys.add(items[0].key)
            cursor = items[0].cursor | {place: key for place, key in cursor.items() if place not in items[0].cursor}
        assert len(keys) == 3


def test_a_page_for_people_is_no_file():
    site = Site(a=b"<html>Sign in")
    site.headers["Content-Type"] = "text/html"
    with serving(site) as server, pytest.raises(Rejected, match=r"a page for people instead of a file"):
        open_source(f"{server.url}/a").test()


def test_a_file_that_is_gone_does_not_keep_back_the_others():
    with serving(Site(a=b"1", b=b"2")) as server:
        pulled = open_source(f"{server.url}/gone {server.url}/a {server.url}/b").pull({})
        assert [next(pulled).file, next(pulled).file] == ["a.csv", "b.csv"]
        with pytest.raises(Rejected, match="status 404"):
            next(pulled)


def test_the_cursor_has_only_addresses_of_the_settings():
    with serving(Site(a=b"1", b=b"2")) as server:
        before = read(open_source(f"{server.url}/a"))[1][-1].cursor
        after = read(open_source(f"{server.url}/b"), before)[1][-1].cursor
        assert len(before) == len(after) == 1


def test_the_token_is_sent_as_a_header_and_in_no_message():
    with serving(Site(a=b"1")) as server:
        read(open_source(f"{server.url}/a", token="env:WEB"))
        assert server.requests[-1].headers["authorization"] == "Bearer secret-token"
        with pytest.raises(Rejected, match="status 404") as caught:
            open_source(f"{server.url}/none", token="env:WEB").test()
        assert "secret-token" not in str(caught.value)


def test_a_redirect_into_a_private_network_is_refused():
    with serving(Site()) as server, pytest.raises(Rejected, match="private network"):
        open_source(f"{server.url}/away", OpenAccess(refused=frozenset({"inside.test"}))).test()


def test_a_server_that_is_away_is_tried_again(monkeypatch):
    monkeypatch.setattr(session, "_BACKOFF_SECONDS", 0.01)
    with pytest.raises(Unavailable, match=r"127\.0\.0\.1 failed"):
        open_source("http://127.0.0.1:9/a").test()


@pytest.mark.parametrize("urls", ["file:///etc/passwd", "https://a:b@example.com/", "https://x.test/ " * 101])
def test_wrong_addresses_are_refused(urls):
    with pytest.raises(Rejected):
        open_source(urls)
