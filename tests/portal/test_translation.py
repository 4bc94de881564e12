"""Texts of the portal in a made-up language, whose catalogue Babel extracts as `make messages` does (ADR 092)."""

import ast
import re
import string
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from babel.messages.catalog import Catalog
from babel.messages.frontend import CommandLineInterface
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from flask import Flask
from portal_factory import create_app
from routes import addresses, routes_of
from test_texts_of_scripts import TEXT
from visitor import Visitor, Work, indian_file, indian_sale

from portal import translation
from portal.menu import AREAS
from portal.template_texts import template_messages, translate_source
from tillstream.app import App

ROOT = Path(__file__).resolve().parents[2]
TO_MARK = frozenset({"api"})
"""Folders of the portal whose modules have texts that are not marked yet. Remove each one when it is done."""
IN_ENGLISH = frozenset({"reader_locale.py", "storybook.py", "prometheus.py", "held_streams.py"})
"""Names of months in every language; the components for developers; metrics and events for programs."""
FOR_PROGRAMS = frozenset(
    {
        *("Action", "Constant", "Provider", "View"),  # types
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
        "manifest-src 'self'; connect-src {reached}; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
        *(
            "Allow",
            "Authorization",
            "Basic",
            "Bearer",
            "Lax",
            'x realm="Tillstream"x',
            "30 per minute",
            "60 per minute",
            "retry: x\n\n",
        ),  # headers, rates and fields of events
        *("public, max-age=x, immutable", "screen and (prefers-color-scheme: dark)", "not all"),
        *("text/csv; charset=utf-8", "openid email profile", "partly received"),
        *("x GB", "x, x UTC"),  # units
        *("Sales", "Explore", "Plan", "Stock", "Sell", "Files", "Pipeline", "Administration", "Alerts", "Help"),  # keys
    }
)
"""Literals that are not read on a page."""
UNTRANSLATED = frozenset({"Nothing to show", "batches", "store", "S1"})
"""A constant of HTML, and names of tables, parameters and people, which are messages elsewhere."""
OF_THE_ENGINE = frozenset({"compare.show", "help.problems", "measures.listing"})
"""Pages with texts of `tillstream` that are in English: items of a comparison, problems, meanings of measures."""
MARKS = frozenset({"_", "N_", "html", "ngettext", "nouns", "many"})
LOGS = frozenset({"debug", "info", "warning", "error", "exception", "LookupError"})
PSEUDO_LOCALE = "qps"
LETTERS = str.maketrans(string.ascii_letters, "åƀçđéƒĝĥíĵķļɱñóþɋŕšŧúṽŵẋýžÅƁÇĐÉƑĜĤÍĴĶĻṀÑÓÞɊŔŠŦÚṼŴẊÝŽ")
PLACES = re.compile(r"(\{[^}]*\}|<[^>]*>|&#?\w+;)")
SHOWN = ("aria-label", "title", "placeholder", "alt", "data-label")
IN_TEXT = frozenset({"a", "abbr", "b", "br", "code", "data", "em", "kbd", "small", "span", "strong", "time"})
UNREAD = frozenset({"code", "data", "kbd", "pre", "script", "style", "template", "time"})


def pseudo_text(text: str) -> str:
    """[ŧéẋŧ], with its placeholders and tags as they are."""
    parts = PLACES.split(text)
    return f"[{''.join(part if PLACES.fullmatch(part) else part.translate(LETTERS) for part in parts)}]"


@pytest.fixture(scope="module")
def catalogue(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    template = tmp_path_factory.mktemp("messages") / "portal.pot"
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(ROOT)
        arguments = ["-q", "extract", "-F", "pyproject.toml", "-o", str(template)]
        CommandLineInterface().run(["pybabel", *arguments, "portal", "tillstream/analytics/measures"])
    with template.open("rb") as file:
        messages = read_po(file)
    for message in messages:
        if message.pluralizable:
            message.string = tuple(pseudo_text(text) for text in message.id)
        elif message.id:
            message.string = pseudo_text(message.id)
    return messages


@pytest.fixture
def portal(app: App, catalogue: Catalog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Flask:
    compiled = tmp_path / "translations" / PSEUDO_LOCALE / "LC_MESSAGES" / "portal.mo"
    compiled.parent.mkdir(parents=True)
    with compiled.open("wb") as file:
        write_mo(file, catalogue)
    monkeypatch.setattr(translation, "CATALOGUES", tmp_path / "translations")
    return create_app(app, testing=True)


def sell(admin: Visitor, work: Work) -> None:
    admin.upload(indian_file(*(indian_sale(str(number)) for number in range(1, 9)), indian_sale("9", "ten")))
    admin.upload(indian_file(*(indian_sale(f"B{number}", "ten") for number in range(6))), "bad.csv")
    work()


class PageTexts(HTMLParser):
    """The texts of the elements and attributes of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.texts = [""]
        self.unread = 0
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.texts[:0] = [value or "" for name, value in attrs if name in SHOWN]
        self._pass(tag, 1)

    def handle_endtag(self, tag: str) -> None:
        self._pass(tag, -1)

    def handle_data(self, data: str) -> None:
        self.texts[-1] += "" if self.unread else data

    def _pass(self, tag: str, step: int) -> None:
        self.unread += step * (tag in UNREAD)
        if tag not in IN_TEXT:
            self.texts.append("")

    def outside_brackets(self) -> Iterator[str]:
        for text in self.texts:
            left, previous = text, ""
            while left != previous:
                left, previous = re.sub(r"\[[^\[\]]*\]", "", left), left
            yield " ".join(left.split())


def unmarked_literals(code: str) -> Iterator[tuple[int, str]]:
    """Line and text of each literal that reads as a text and has no mark; a value in it is an x."""
    tree = ast.parse(code)
    passed: set[ast.AST] = set()
    for node in ast.walk(tree):
        if _is_for_the_program(node):
            passed |= set(ast.walk(node)) - ({node.value} if isinstance(node, ast.Subscript) else set())
    for node in ast.walk(tree):
        text = None
        if isinstance(node, ast.JoinedStr):
            parts = node.values
            text = "".join(str(part.value) if isinstance(part, ast.Constant) else "x" for part in parts)
            passed |= {part for part in parts if isinstance(part, ast.Constant)}
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            text = node.value
        if text and node not in passed and TEXT.search(re.sub(r"<[^>]*>", "", text)) and text not in FOR_PROGRAMS:
            yield node.lineno, text


def _is_for_the_program(node: ast.AST) -> bool:
    if isinstance(node, ast.Call):
        return getattr(node.func, "attr", getattr(node.func, "id", "")) in MARKS | LOGS
    if isinstance(node, ast.ClassDef):
        return any("Enum" in ast.unparse(base) for base in node.bases)
    if isinstance(node, ast.Expr):
        return isinstance(node.value, ast.Constant)
    return isinstance(node, ast.Compare)


def test_texts_are_marked() -> None:
    unmarked = []
    for module in (ROOT / "portal").rglob("*.py"):
        path = module.relative_to(ROOT / "portal")
        if not {path.parts[0], path.name} & (TO_MARK | IN_ENGLISH):
            unmarked_here = unmarked_literals(module.read_text(encoding="utf-8"))
            unmarked += [f"{path}:{line}: {text}" for line, text in unmarked_here]
    assert unmarked == []


def test_an_unmarked_literal_is_noticed() -> None:
    code = '"""A docstring."""\na = f"{b} of the rows"; c = _("Some rows"); d = "Save"\ne == "Not this"; F("No row")'
    assert list(unmarked_literals(code)) == [(2, "x of the rows"), (2, "Save"), (3, "No row")]


def test_pages_show_no_text_of_the_catalogue_in_english(sold: Visitor, catalogue: Catalog) -> None:
    """One page of each area with marked texts. What is not in the catalogue is data, or is refused above."""
    flask = sold.client.application
    english = {text for message in catalogue for text in _ids(message.id) if text}
    endpoints = {area.endpoint for area in AREAS} - OF_THE_ENGINE - {"storybook.show", "api.docs_page"}
    shown, untranslated = 0, set()
    for rule in routes_of(flask):
        if rule.endpoint in endpoints and flask.view_functions[rule.endpoint].__module__.split(".")[1] not in TO_MARK:
            answer = sold.get(addresses(rule)[0], headers={"Accept-Language": PSEUDO_LOCALE})
            assert answer.status_code == 200, rule
            assert f'lang="{PSEUDO_LOCALE}"' in answer.text
            shown += 1
            texts = set(PageTexts(answer.text).outside_brackets())
            untranslated |= {f"{rule.endpoint}: {text}" for text in texts & english - UNTRANSLATED}
    assert shown > 2
    assert sorted(untranslated) == []


def _ids(message_id: Any) -> tuple[str, ...]:
    return message_id if isinstance(message_id, tuple) else (message_id,)


def test_each_reader_has_a_language(sold: Visitor) -> None:
    path = next(addresses(rule)[0] for rule in routes_of(sold.client.application) if rule.endpoint == "review.waiting")
    assert "<h1>[Ñ" in sold.get(path, headers={"Accept-Language": PSEUDO_LOCALE}).text
    assert "<h1>Needs review</h1>" in sold.get(path, headers={"Accept-Language": "en"}).text


def test_templates_keep_all_but_their_texts() -> None:
    """Translated into English, a template is the same but for its line breaks."""
    for template in (ROOT / "portal").rglob("*.html"):
        source = template.read_text(encoding="utf-8")
        assert translate_source(source, str).split() == source.split(), template


@pytest.mark.parametrize(
    ("source", "messages"),
    [
        ("<h1>Rows to fix: {{ upload.file }}</h1>", ["Rows to fix: {file}"]),
        ('<p><a href="{{ url }}">Open it</a> or <a>leave it</a>.</p>', ["<a>Open it</a> or <a2>leave it</a2>."]),
        ('<button aria-label="Close {{ name }}">{{ icon("x") }}</button>', ["Close {name}"]),
        ("{% if a %}One file{% else %}No file{% endif %}{# Not this #}", ["One file", "No file"]),
        ("<ul><li><b>Alone</b></li><li>{{ a }} · {{ b }}</li></ul>", ["Alone"]),
        ('{% block main_class %} class="wide"{% endblock %}', []),
    ],
)
def test_messages_of_a_template(source: str, messages: list[str]) -> None:
    assert [text for _, text in template_messages(source)] == messages


def test_a_translation_orders_its_placeholders() -> None:
    source = '<p>By {{ user.name }} <a href="{{ url }}">here</a></p>'
    translations = {"By {name} <a>here</a>": "<a>hier</a>, von {name}"}
    assert translate_source(source, lambda text: translations.get(text, text)) == (
        '<p><a href="{{ url }}">hier</a>, von {{ user.name }}</p>'
    )


def test_a_translation_with_other_placeholders_is_not_used() -> None:
    source = "<p>By {{ user.name }}</p>"
    assert translate_source(source, lambda _text: "Von {benutzer}") == source
