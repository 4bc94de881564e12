"""What HTTP callers meet: every address with its methods and who may use it, the OpenAPI document, the forms."""

import re
import tempfile
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from flask import Flask
from werkzeug.exceptions import HTTPException

from portal import create_app
from portal.access import access_of
from portal.api.openapi import build_document
from tests.golden.sample_home import home_at, run
from tests.golden.snapshots import as_json, as_lines
from tests.portal.visitor import Visitor
from tests.routes import address, routes_of
from tillstream import __version__
from tillstream.app import open_app
from tillstream.settings import Settings

EXAMPLES = ("example", "examples")
SHOWN = {"lost.csv", "waiting.csv", "colours.csv", "monday.csv"}
"""Uploads that wait for an answer, for repairs, for a contract; and one that was undone."""
SKIPPED = ("/api", "/assets", "/static", "/live", "/sign-out", "/dashboard/")


def routes() -> str:
    """METHOD address (who may use it), with those that settings open."""
    with tempfile.TemporaryDirectory() as home, open_app(_all_open(Path(home))) as app:
        flask = create_app(app)
        fields = [
            f"{method} {rule.rule} ({access_of(flask, rule.endpoint).value if rule.endpoint != 'static' else 'files'})"
            for rule in flask.url_map.iter_rules()
            for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})
        ]
    return as_lines(sorted(fields, key=lambda line: line.split(" ", 1)[::-1]))


def _all_open(home: Path) -> Settings:
    return Settings(home=home, samples=False, threads=1, development=True, metrics=True)


def openapi() -> str:
    """Without examples, which are kept beside the API, and without the version of the product."""
    with tempfile.TemporaryDirectory() as home, open_app(_all_open(Path(home))) as app:
        api = build_document(create_app(app))
    assert api["info"]["version"] == __version__
    api["info"]["version"] = "VERSION"
    return as_json(_without_examples(api))


def _without_examples(part: Any) -> Any:
    if isinstance(part, dict):
        return {name: _without_examples(one) for name, one in part.items() if name not in EXAMPLES}
    return [_without_examples(one) for one in part] if isinstance(part, list) else part


class _Forms(HTMLParser):
    """The forms of a page: method, address, names of fields."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[tuple[str, str, set[str]]] = []
        self.inside = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.forms.append((attributes.get("method", "get").upper(), attributes.get("action", ""), set()))
            self.inside = True
        elif self.inside and attributes.get("name"):
            self.forms[-1][2].add(attributes["name"])

    def handle_endtag(self, tag: str) -> None:
        self.inside = self.inside and tag != "form"


def forms(home: Path) -> str:
    """METHOD address: names of fields, of every form that a page of the home shows an administrator or a stranger."""
    met: dict[str, set[str]] = {}
    with home_at(home):
        run("users", "require-second-step")
        password = run("users", "add", "walker", "--role=admin")[1]["password"]
        batches = [receipt["batch_id"] for receipt in run("receipts")[1] if receipt["file"] in SHOWN]
        with open_app(_all_open(home)) as app:
            flask = create_app(app)
            anonymous, admin = (Visitor(flask.test_client()) for _ in range(2))
            assert admin.sign_in("walker", password).status_code == 303
            assert admin.choose_password(password).status_code == 303
            for page in ("/sign-in", "/join/x"):
                _collect(flask, page, anonymous.get(page).text, met)
            for page in _pages(flask, batches):
                answer = admin.get(page)
                if answer.mimetype == "text/html":
                    _collect(flask, page, answer.text, met)
    return as_lines(f"{form}: {' '.join(sorted(names))}" for form, names in sorted(met.items()))


def _pages(flask: Flask, batches: list[str]) -> Iterator[str]:
    arguments = {"login": "mia", "session_id": "0" * 32}
    for rule in routes_of(flask):
        if rule.endpoint != "static" and not rule.rule.startswith(SKIPPED):
            for batch in batches if rule.arguments == {"batch_id"} else batches[:1]:
                yield address(rule, **arguments, batch_id=batch)


def _collect(flask: Flask, page: str, text: str, met: dict[str, set[str]]) -> None:
    parser = _Forms()
    parser.feed(text)
    for method, action, names in parser.forms:
        path = (action or page).partition("?")[0]
        try:
            rule, _ = flask.url_map.bind("localhost").match(path, method=method, return_rule=True)
        except HTTPException:
            continue
        shown = {re.sub(r"[0-9a-f]{12,}|\d+", "N", name) for name in names}
        met.setdefault(f"{method} {rule.rule}", set()).update(shown)
