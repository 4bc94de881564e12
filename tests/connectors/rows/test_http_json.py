"""JSON APIs of every paging style, and those that misbehave."""

import base64
from collections.abc import Callable
from typing import Any

import pytest
from connectors.open_access import OpenAccess
from connectors.rows.http_server import Answer, Request, Server, serving
from connectors.rows.pulled import Connector, open_source, values

from tillstream.model.errors import Rejected, Unavailable

TOKEN = "s3cret-token"
REFERENCE = "env:TILLSTREAM_SOURCE_API"


def order(number: int, *, at: str = "", **fields: Any) -> dict[str, Any]:
    changed_at = at or f"2026-11-01T10:{number // 60:02}:{number % 60:02}Z"
    return {"id": number, "changed_at": changed_at, "customer": {"id": f"C{number}"}, **fields}


def connector(server: Server, **settings: str) -> Connector:
    common = {"url": f"{server.url}/orders?status=paid", "records": "data.orders", "cursor_field": "changed_at"}
    return Connector("http_json", OpenAccess({REFERENCE: TOKEN}), **{**common, "per_second": "100", **settings})


def page(records: list[dict[str, Any]], **other: Any) -> Answer:
    return Answer({"data": {"orders": records}, **other})


class Orders:
    """An API with pages of ten records in every style of paging."""

    def __init__(self, count: int) -> None:
        self.records = [order(number) for number in range(count)]

    def __call__(self, request: Request) -> Answer:
        assert request.query.get("status") == "paid"
        since = request.query.get("since", "")
        records = [record for record in self.records if record["changed_at"] >= since]
        start = int(request.query.get("offset") or 10 * (int(request.query.get("page") or 1) - 1))
        start = int(request.query.get("cursor", start))
        answer = page(records[start : start + 10], next=None)
        if start + 10 < len(records):
            rest = f"/orders?status=paid&since={since}&cursor={start + 10}"
            answer.headers["Link"] = f'<http://{request.headers["host"]}{rest}>; rel="next", <x>; rel="prev"'
            answer.body |= {"next": rest, "token": str(start + 10)}
        return answer


@pytest.mark.parametrize(
    "paging",
    [
        {"paging": "link-header"},
        {"paging": "next-url", "next_path": "next"},
        {"paging": "cursor", "next_path": "token", "page_parameter": "cursor"},
        {"paging": "page", "page_parameter": "page"},
        {"paging": "offset", "page_parameter": "offset", "size_parameter": "limit", "page_size": "10"},
    ],
)
def test_each_style_of_paging(paging: dict[str, str]) -> None:
    orders = Orders(35)
    with serving(orders) as server:
        api = connector(server, since_parameter="since", look_back="60", **paging)
        assert values(api.rows(), "id") == [str(number) for number in range(35)]
        assert api.behind == 0
        assert api.run() == []
        assert server.requests[-1].query["since"] == "2026-11-01T09:59:34Z"
        orders.records += [order(36), order(20, at="2026-11-01T10:00:40Z", note="changed")]
        assert values(api.rows(), "id") == ["36", "20"]
        assert api.run() == []


def test_lines_and_columns() -> None:
    lines = [{"sku": "A", "price": {"amount": 12345678901234567.89}}, {"sku": "B", "tags": ["x", 1]}]
    orders = b'{"id": 1, "total": 10.10, "lines": [{"sku": "A"}, {"sku": "B"}]}, {"id": 2}'
    body = b'{"data": {"orders": [' + orders + b"]}}"
    with serving(lambda _: Answer(body)) as server:
        api = connector(server, cursor_field="", lines="lines", columns="sale=id, sku=lines.sku\ntotal")
        assert api.rows() == [
            {"sale": "1", "sku": "A", "total": "10.10"},
            {"sale": "1", "sku": "B", "total": "10.10"},
            {"sale": "2", "sku": "", "total": ""},
        ]
    with serving(lambda _: page([{"id": 1, "lines": lines}])) as server:
        [first, second] = connector(server, cursor_field="", lines="lines").rows()
        assert set(first) == {"id", "lines.sku", "lines.price.amount", "lines.tags"}
        assert second["lines.tags"] == '["x",1]'


def test_a_list_without_cursor_comes_again_when_it_changes() -> None:
    records = [order(1), order(2)]
    with serving(lambda _: page(records)) as server:
        api = connector(server, cursor_field="")
        assert len(api.rows()) == 2
        assert api.run() == []
        records[0]["customer"] = {"id": "C9"}
        assert values(api.rows(), "customer.id") == ["C9", "C2"]
        records[0]["customer"] = {"id": "C1"}
        assert values(api.rows(), "customer.id") == ["C1", "C2"], "the first content again is news too"
        assert api.run() == []


def test_a_run_that_ends_early_or_is_restored_loses_nothing_and_repeats_no_file() -> None:
    orders, small = Orders(35), {"look_back": "0", "file_rows": "10"}
    for is_sorted in ("yes", "no"):
        with serving(orders) as server:
            api = connector(server, paging="link-header", is_sorted=is_sorted, since_parameter="since", **small)
            stored = api.run(stop_after=2)
            assert (api.cursor == {}) == (is_sorted == "no")
            restored = api.cursor
            stored += api.run(loses_cursor=True)
            assert api.run() == []
            assert sum(len(file.splitlines()) - 1 for file in stored) == 35
            api.cursor = restored
            assert api.run() == []


def test_an_api_that_is_not_sorted_as_promised_keeps_the_cursor_until_the_end() -> None:
    orders = Orders(30)
    orders.records.reverse()
    with serving(orders) as server:
        api = connector(server, paging="link-header", is_sorted="yes", look_back="0", file_rows="10")
        api.run(stop_after=2)
        assert api.cursor == {}
        assert len(api.rows()) == 10


def test_rows_of_a_page_that_moved_come_once_and_a_repeated_page_is_not_doubled() -> None:
    pages = [[order(1), order(2)], [order(1), order(2)], [order(2), order(3)], []]
    with serving(lambda request: page(pages[int(request.query["page"]) - 1])) as server:
        assert values(connector(server, paging="page").rows(), "id") == ["1", "2", "3"]


def loop(request: Request) -> Answer:
    return page(
        [order(len(request.query.get("cursor", "")))],
        next="/orders?cursor=x" if "cursor" in request.query else "/orders?cursor=xx",
    )


LOGIN = Answer(b"<html>Sign in</html>", headers={"Content-Type": "text/html; charset=utf-8"})


@pytest.mark.parametrize(
    ("answer", "settings", "error", "message"),
    [
        (lambda _: LOGIN, {}, Unavailable, "text/html instead of JSON"),
        (lambda _: Answer(b'{"data": {"orders": [{"id"'), {}, Unavailable, "cut off"),
        (lambda _: Answer({"error": "no such field"}), {}, Rejected, "has no .*; it has: error"),
        (lambda _: page([1, 2]), {}, Rejected, "not a list of objects"),
        (lambda _: page([order(1, at="soon")]), {}, Rejected, "neither a number nor a time"),
        (lambda _: page([order(1)]), {"paging": "page"}, Rejected, "same page again and again"),
        (lambda _: page([order(1)], next="/orders"), {"paging": "next-url"}, Rejected, "again|was read before"),
        (loop, {"paging": "next-url"}, Rejected, "was read before"),
        (lambda _: page([order(1)], next="http://localhost:1/"), {"paging": "next-url"}, Rejected, "another host"),
        (lambda _: page([order(1)], next=7), {"paging": "next-url"}, Rejected, "paging|next"),
        (lambda _: Answer(status=401), {}, Rejected, "refuses the credential"),
        (lambda _: Answer(status=404), {}, Rejected, "Check the URL"),
        (lambda _: Answer(b"[" * 100_000), {}, Unavailable, "JSON"),
    ],
)
def test_apis_that_misbehave(
    answer: Callable[[Request], Answer], settings: dict[str, str], error: type[Exception], message: str
) -> None:
    with serving(answer) as server, pytest.raises(error, match=message):
        connector(server, **settings).run()


def test_a_busy_server_has_the_time_that_it_needs() -> None:
    answers = [
        Answer(status=429, headers={"Retry-After": "7"}),
        Answer(status=503),
        Answer(b'{"data"', cut=3),
        page([order(1)]),
    ]
    with serving(lambda _: answers.pop(0)) as server:
        api = connector(server)
        assert values(api.rows(), "id") == ["1"]
        assert isinstance(api.access, OpenAccess)
        assert api.access.slept == 7 + 1 + 2


def test_a_server_that_stays_busy_is_tried_in_a_later_run() -> None:
    with serving(lambda _: Answer(status=429, headers={"Retry-After": "3600"})) as server:
        api = connector(server)
        with pytest.raises(Unavailable, match="overloaded"):
            api.run()
        assert len(server.requests) == 5
        assert isinstance(api.access, OpenAccess)
        assert api.access.slept == 4 * 60


@pytest.mark.parametrize(
    ("settings", "header", "value"),
    [
        ({"authentication": "bearer"}, "authorization", f"Bearer {TOKEN}"),
        ({"authentication": "header", "header": "X-Key"}, "x-key", TOKEN),
        (
            {"authentication": "basic", "user": "shop"},
            "authorization",
            "Basic " + base64.b64encode(f"shop:{TOKEN}".encode()).decode(),
        ),
    ],
)
def test_the_credential_is_sent_to_the_host_and_to_no_other(settings: dict[str, str], header: str, value: str) -> None:
    to_other = {"Location": ""}
    with (
        serving(lambda _: page([order(1)])) as other,
        serving(lambda _: Answer(status=302, headers=to_other)) as server,
    ):
        to_other["Location"] = f"http://localhost:{other.port}/"
        api = connector(server, credential=REFERENCE, **settings)
        assert len(api.rows()) == 1
        assert server.requests[0].headers[header] == value
        assert header not in other.requests[0].headers
        assert TOKEN not in repr(api.cursor)


def test_connections_go_to_checked_addresses_also_after_redirects() -> None:
    with serving(lambda _: Answer(status=302, headers={"Location": "http://metadata.internal/"})) as server:
        access = OpenAccess(refused=frozenset({"metadata.internal"}))
        api = Connector("http_json", access, url=f"http://api.shop.example:{server.port}/", per_second="100")
        with pytest.raises(Rejected, match="private network"):
            api.run()
        assert [host for host, _ in access.hosts] == ["api.shop.example", "metadata.internal"]
        assert server.requests[0].headers["host"] == f"api.shop.example:{server.port}"


def test_requests_are_paced_and_responses_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(Orders(35)) as server:
        access = OpenAccess()
        api = Connector("http_json", access, **(connector(server, paging="link-header", per_second="0.5").settings))
        assert len(api.rows()) == 35
        assert access.slept == 6
    monkeypatch.setattr("tillstream.connectors.http.session.MAX_BYTES", 1 << 20)
    with (
        serving(lambda _: page([order(1, note="x" * (1 << 21))])) as server,
        pytest.raises(Rejected, match="more than 1 MB"),
    ):
        connector(server).run()


@pytest.mark.parametrize("url", ["ftp://shop.example/", "https://user:pass@shop.example/", "https://", "https://[::"])
def test_urls_that_are_refused(url: str) -> None:
    with pytest.raises(Rejected) as error:
        open_source("http_json", url=url)
    assert "pass@" not in str(error.value)


def test_numbers_as_cursor_and_the_sentence_of_the_test() -> None:
    records = [order(number, at=number) for number in (5, 7)]  # type: ignore[arg-type]
    with serving(lambda _: page(records)) as server:
        api = connector(server, look_back="1", since_parameter="after", columns="id, sku")
        assert (
            "2 records with 2 rows. No record has: sku" in open_source("http_json", api.access, **api.settings).test()
        )
        api.run()
        records.append(order(6, at=6))  # type: ignore[arg-type]
        assert values(api.rows(), "id") == ["6"]
        assert server.requests[-1].query["after"] == "6"
