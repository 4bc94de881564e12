"""Static files and pages on the wire: compressed, cached under their version, and vendored files as published."""

import gzip
import hashlib
import json
from pathlib import Path

from flask import Flask
from visitor import People, Visitor

from portal import static_files
from tillstream.model.permissions import Role

STATIC = Path(static_files.__file__).parent / "static"
PACKED = {"Accept-Encoding": "gzip"}


def test_vendored_files_are_those_of_their_record() -> None:
    records = list((STATIC / "vendor").glob("*/vendored.json"))
    assert records
    for record in records:
        vendored = json.loads(record.read_text(encoding="utf-8"))
        assert {"name", "version", "licence", "source"} <= set(vendored)
        folder = {path.name for path in record.parent.iterdir()} - {record.name}
        assert folder == set(vendored["files"])
        for name, expected in vendored["files"].items():
            assert hashlib.sha256((record.parent / name).read_bytes()).hexdigest() == expected, name


def test_a_static_file_is_packed_and_revalidated_by_its_content(portal: Flask, anonymous: Visitor) -> None:
    with portal.test_request_context():
        address = static_files.asset("vendor/echarts/echarts.min.js")
    plain, packed = anonymous.get(address), anonymous.get(address, headers=PACKED)
    assert gzip.decompress(packed.data) == plain.data
    assert len(packed.data) < 400_000
    assert packed.headers["Content-Encoding"] == "gzip"
    assert packed.headers["Vary"] == plain.headers["Vary"] == "Accept-Encoding"
    assert packed.mimetype == "text/javascript"
    again = anonymous.get(address, headers={"If-None-Match": packed.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    assert "Content-Encoding" not in anonymous.get("/static/icon.svg").headers


def test_a_static_file_sets_no_cookie_and_does_not_vary_by_one(person: People) -> None:
    """Shared caches keep it: a session in it would be handed to others."""
    answer = person(Role.ADMIN).get("/static/tillstream.css", headers=PACKED)
    assert answer.headers.getlist("Set-Cookie") == []
    assert answer.headers["Vary"] == "Accept-Encoding"


def test_no_address_leads_out_of_the_static_folder(anonymous: Visitor) -> None:
    for path in ("/static/../security.py", "/static/%2e%2e/security.py", "/static/js", "/static/nothing.css"):
        assert anonymous.get(path).status_code == 404, path


def test_pages_are_packed_with_a_length_that_varies(anonymous: Visitor) -> None:
    """A token on a page must not be guessed from the size of what is sent (BREACH)."""
    plain = anonymous.get("/sign-in")
    answers = [anonymous.get("/sign-in", headers=PACKED) for _ in range(20)]
    assert "Content-Encoding" not in plain.headers
    assert {answer.headers["Content-Encoding"] for answer in answers} == {"gzip"}
    assert "</html>" in gzip.decompress(answers[0].data).decode()
    assert len({len(answer.data) for answer in answers}) > 5
