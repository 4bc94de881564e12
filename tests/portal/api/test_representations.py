"""Reads as JSON, CSV and Arrow have the same values; version 1 and the paths without a version answer alike."""

import csv
import io
import re
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
from flask import Flask
from routes import address
from visitor import Visitor, Work, indian_file, indian_sale

from portal.api.queries import LISTS
from portal.urls import API_ALIAS, API_ROOT
from tillstream.model.json_text import to_json

CSV, ARROW = "text/csv", "application/vnd.apache.arrow.stream"
READS = (*LISTS, "kpis", "sale-lines", "changes")
SHARED = True


def sell(admin: Visitor, work: Work) -> None:
    rows = [indian_sale(str(number), f"{number}00.35", customer=f"C{number}") for number in range(1, 6)]
    rows[0] = rows[0].replace("Kettle", '"=1+1, ""blue"""')
    admin.upload(indian_file(*rows))
    work()


def read(visitor: Visitor, path: str, media: str = "") -> Any:
    answer = visitor.get(path, headers={"Accept": media} if media else {})
    assert answer.status_code == 200, answer.text
    return answer


def as_text(value: Any) -> str:
    """A JSON value in the form of a CSV cell."""
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value).replace("+00:00", "Z")


@pytest.mark.parametrize("name", READS)
def test_all_formats_have_the_same_values(sold: Visitor, name: str) -> None:
    path = f"{API_ROOT}{name}"
    body = read(sold, path).get_json()
    rows = body.get("rows", [body])
    assert rows
    arrow = pa.ipc.open_stream(read(sold, path, ARROW).data).read_all()
    assert to_json(arrow.to_pylist()) == rows
    texts = csv.DictReader(io.StringIO(read(sold, path, CSV).text))
    cells = [{key: re.sub(r"\.0+Z$", "Z", text) for key, text in row.items()} for row in texts]
    assert cells == [{key: as_text(value) for key, value in row.items()} for row in rows]


def test_arrow_keeps_decimals(sold: Visitor) -> None:
    answer = read(sold, f"{API_ROOT}sale-lines", ARROW)
    table = pa.ipc.open_stream(answer.data).read_all()
    assert pa.types.is_decimal128(table.schema.field("net_amount").type)
    assert sum(table.column("net_amount").to_pylist()) == Decimal("1501.75")
    assert table.schema.metadata[b"Tillstream-Currency"] == b"INR"


def test_files_have_the_currency_and_the_next_page_in_headers(sold: Visitor) -> None:
    answer = read(sold, f"{API_ROOT}top-customers?limit=2", CSV)
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert answer.headers["Tillstream-Currency"] == "INR"
    assert answer.headers["Tillstream-Unconverted-Lines"] == "0"
    assert "cursor=" in answer.headers["Link"]
    assert "Accept" in answer.headers["Vary"]


def test_a_client_that_accepts_anything_gets_json(sold: Visitor) -> None:
    for media in (
        "",
        "*/*",
        "text/html,application/xhtml+xml,*/*;q=0.8",
        "image/png",
        f"{CSV};q=0.5, application/json",
    ):
        assert read(sold, f"{API_ROOT}sales-by-region", media).mimetype == "application/json"
    assert read(sold, f"{API_ROOT}sales-by-region", f"{CSV}, */*;q=0.1").mimetype == CSV


def test_an_etag_is_valid_for_one_format(sold: Visitor) -> None:
    tag = {"If-None-Match": read(sold, f"{API_ROOT}kpis").headers["ETag"]}
    assert sold.get(f"{API_ROOT}kpis", headers=tag).status_code == 304
    assert sold.get(f"{API_ROOT}kpis", headers=tag | {"Accept": CSV}).status_code == 200


def test_decimals_are_text_or_numbers_as_requested(sold: Visitor) -> None:
    assert read(sold, f"{API_ROOT}kpis").get_json()["revenue"] == "1501.75"
    assert read(sold, f"{API_ROOT}kpis?numbers=string").get_json()["revenue"] == "1501.75"
    assert read(sold, f"{API_ROOT}kpis?numbers=number").get_json()["revenue"] == 1501.75
    (row,) = read(sold, f"{API_ROOT}sales-by-region?numbers=number").get_json()["rows"]
    assert isinstance(row["revenue"], float)
    assert sold.get(f"{API_ROOT}kpis?numbers=roman").status_code == 422


ONLY_CANONICAL = {"api.sale-lines", "api.changes", "api.queries", "api.query", "api.measure_values"} | {
    "measures.definitions",
    "forecast.accuracy_data",
    "quality.data",
}


def test_every_path_without_a_version_has_a_canonical_one(portal: Flask) -> None:
    def paths(root: str) -> set[tuple[str, str, str]]:
        return {
            (rule.rule.removeprefix(root), method, rule.endpoint)
            for rule in portal.url_map.iter_rules()
            for method in rule.methods or ()
            if rule.rule.startswith(root) and not rule.rule.startswith("/api/docs")
        }

    aliases = {one for one in paths(API_ALIAS) if not one[0].startswith("v1/")}
    assert aliases <= paths(API_ROOT)
    assert {one[2] for one in paths(API_ROOT) - aliases} == ONLY_CANONICAL


def test_an_alias_answers_as_its_canonical_path(portal: Flask, sold: Visitor) -> None:
    compared = 0
    for rule in portal.url_map.iter_rules():
        if rule.rule.startswith(API_ROOT) and "GET" in (rule.methods or ()) and rule.endpoint != "api.sending":
            path = address(rule)
            alias = path.replace(API_ROOT, API_ALIAS, 1)
            if rule.endpoint in ONLY_CANONICAL:
                assert sold.get(alias).status_code == 404
                continue
            answer, old = sold.get(path), sold.get(alias)
            assert old.status_code == answer.status_code
            assert old.text.replace(API_ROOT, API_ALIAS) == answer.text.replace(API_ROOT, API_ALIAS), path
            compared += 1
    assert compared >= 14


def test_links_of_a_response_have_the_root_of_its_request(sold: Visitor) -> None:
    for root in (API_ROOT, API_ALIAS):
        (upload,) = read(sold, f"{root}uploads").get_json()["uploads"]
        assert upload["receipt"].startswith(f"{root}uploads/")
        assert read(sold, upload["receipt"]).get_json()["batch_id"] == upload["batch_id"]
