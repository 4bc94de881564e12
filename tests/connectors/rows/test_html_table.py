"""Tables of web pages, fetched as robots.txt allows."""

from collections.abc import Callable

import pytest
from connectors.open_access import OpenAccess
from connectors.rows.http_server import Answer, Request, serving
from connectors.rows.pulled import Connector, open_source

from tillstream.connectors.kinds.html_table import read_table
from tillstream.model.errors import Rejected, Unavailable

TABLE = "<table><tr><th>Day<th>Sold</tr><tr><td>2026-11-01<td>007</tr><tr><td>2026-11-02<td>1.50</tr></table>"


def read(page: str, selected: str = "1") -> tuple[list[str], list[list[str]]]:
    return read_table(page.encode(), "utf-8", selected)


class Site:
    """A site with a page. robots: content of robots.txt, or its status."""

    def __init__(self, page: str = TABLE, robots: str | int = 404) -> None:
        self.page, self.robots = page, robots
        self.version = 1

    def __call__(self, request: Request) -> Answer:
        if request.path == "/robots.txt":
            if isinstance(self.robots, int):
                return Answer(status=self.robots)
            return Answer(self.robots.encode(), headers={"Content-Type": "text/plain"})
        assert request.headers["user-agent"].startswith("Tillstream/")
        if request.path == "/moved":
            return Answer(status=301, headers={"Location": "/private/sales.html"})
        tag = f'"{self.version}"'
        if request.headers.get("if-none-match") == tag:
            return Answer(status=304)
        return Answer(self.page.encode(), headers={"Content-Type": "text/html; charset=utf-8", "ETag": tag})


def test_a_table_comes_when_it_changes() -> None:
    site = Site()
    with serving(site) as server:
        table = Connector("html_table", url=f"{server.url}/sales.html")
        assert table.rows() == [{"Day": "2026-11-01", "Sold": "007"}, {"Day": "2026-11-02", "Sold": "1.50"}]
        assert table.run() == []
        assert "if-none-match" in server.requests[-1].headers
        site.version, site.page = 2, f"<p>Weather: rain</p>{TABLE}"
        assert table.run() == []
        site.version, site.page = 3, TABLE.replace("007", "008")
        assert len(table.rows()) == 2
        site.version, site.page = 4, TABLE
        assert len(table.rows()) == 2, "the first content again is news too"
        assert "2 rows with the columns: Day, Sold" in open_source("html_table", url=f"{server.url}/").test()


@pytest.mark.parametrize(
    ("robots", "path", "is_allowed"),
    [
        ("User-agent: *\nDisallow: /private/", "/sales.html", True),
        ("User-agent: *\nDisallow: /private/", "/private/sales.html", False),
        ("User-agent: *\nDisallow: /private/", "/moved", False),
        ("User-agent: Tillstream\nDisallow: /", "/sales.html", False),
        ("User-agent: Googlebot\nDisallow: /", "/sales.html", True),
        (403, "/sales.html", True),
    ],
)
def test_robots_txt_is_obeyed(robots: str | int, path: str, is_allowed: bool) -> None:
    with serving(Site(robots=robots)) as server:
        table = Connector("html_table", url=f"{server.url}{path}")
        if is_allowed:
            assert len(table.rows()) == 2
            return
        with pytest.raises(Rejected, match="robots"):
            table.run()
        assert "/private/sales.html" not in {request.path for request in server.requests}


def test_one_request_a_second_or_fewer_by_the_robots_file() -> None:
    with serving(Site(robots="User-agent: *\nCrawl-delay: 5")) as server:
        access = OpenAccess()
        Connector("html_table", access, url=server.url).run()
        assert access.slept == 5
    with serving(Site()) as server:
        access = OpenAccess()
        Connector("html_table", access, url=server.url).run()
        assert access.slept == 1
    with serving(Site(robots=503)) as server, pytest.raises(Unavailable, match="robots"):
        Connector("html_table", url=server.url).run()


def test_cells_that_span_rows_and_columns() -> None:
    page = """<table><thead><tr><th colspan=3>Sales</th></tr><tr><th>Store<th>Day<th>Sold</tr></thead>
    <tbody><tr><td rowspan=2>LON1<td>1<td>5</tr><tr><td>2<td>6</tr><tr><td colspan=2>All<td>11</tr>
    <tr><td rowspan="99999999">x</tr></tbody></table>"""
    header, rows = read(page)
    assert header == ["Store", "Day", "Sold"]
    assert rows == [["LON1", "1", "5"], ["LON1", "2", "6"], ["All", "All", "11"], ["x", "", ""]]


def test_texts_as_a_browser_shows_them() -> None:
    cell = "<td> 1<br>2 &amp;&nbsp;3 <script>x()</script>"
    page = f"<table><tr><td>A<td></tr><tr>{cell}<td><table><tr><td>inner</table></table>"
    assert read(page) == (["A", "Column 2"], [["1 2 & 3", "inner"]])


@pytest.mark.parametrize("selected", ["2", "sales", "Daily sales"])
def test_a_table_by_number_id_or_caption(selected: str) -> None:
    page = "<table><tr><td>no</table><table id=sales><caption>Daily <b>sales</b></caption><tr><td>A<tr><td>1</table>"
    assert read(page, selected) == (["A"], [["1"]])
    with pytest.raises(Rejected, match=r"no table “other”\. Its number of tables is 2\. There are: sales\.$"):
        read(page, "other")


@pytest.mark.parametrize("page", ["", "<p>Under construction", "<table></table>"])
def test_pages_without_a_table(page: str) -> None:
    with pytest.raises(Rejected):
        read(page)


def test_a_huge_table_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tillstream.connectors.kinds.html_table.MAX_CELLS", 5_000)
    with pytest.raises(Rejected, match="5,000 cells"):
        read("<table>" + "<tr><td colspan=1000>x</tr>" * 6 + "</table>")


@pytest.mark.parametrize("charset", ["iso-8859-1", "utf-8", "shift_jis"])
def test_the_charset_of_the_response_or_of_the_page(charset: str) -> None:
    word = "売上" if charset == "shift_jis" else "Größe"
    page = f"<html><head><meta charset={charset}></head><table><tr><td>{word}<tr><td>1</table>".encode(charset)
    answer: Callable[[Request], Answer] = lambda request: (  # noqa: E731
        Answer(status=404) if "robots" in request.path else Answer(page, headers={"Content-Type": "text/html"})
    )
    with serving(answer) as server:
        assert Connector("html_table", url=server.url).rows() == [{word: "1"}]
