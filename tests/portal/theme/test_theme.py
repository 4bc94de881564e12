"""How the portal looks is one thing: every shared part stands in the storybook, colours are chosen by the reader."""

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask
from portal_factory import create_app
from visitor import Visitor

from portal import menu
from portal.list_view import ListQuery, list_query, page_of
from portal.storybook import components
from tillstream.app import App
from tillstream.model.permissions import Role
from tillstream.people import accounts

PORTAL = Path(menu.__file__).parent
STATIC = PORTAL / "static"
COLOUR = re.compile(r"--([a-z0-9-]+):\s*(#[0-9a-f]{6})\b")
MACRO = re.compile(r"{%-? macro (\w+)\(")


@pytest.fixture
def workshop(app: App) -> Flask:
    """The portal as its makers run it."""
    flask = create_app(replace(app, settings=app.settings.model_copy(update={"development": True})))
    flask.testing = True
    return flask


@pytest.fixture
def maker(workshop: Flask, app: App) -> Visitor:
    accounts.add_account(app.ports, "maker", "Maker", Role.ADMIN, password="correct horse battery")
    visitor = Visitor(workshop.test_client())
    visitor.sign_in("maker")
    return visitor


def _macros() -> Iterator[str]:
    for path in (PORTAL / "templates" / "parts").glob("*.html"):
        yield from MACRO.findall(path.read_text(encoding="utf-8"))


def test_every_part_is_shown_in_the_storybook(maker: Visitor) -> None:
    page = maker.get("/storybook").text
    assert set(re.findall(r'data-part="(\w+)"', page)) >= set(_macros())
    assert "Undefined" not in page


def test_every_component_has_a_page(maker: Visitor) -> None:
    for name in components():
        assert re.findall(r'data-part="(\w+)"', maker.get(f"/storybook/{name}").text) == [name]
    assert maker.get("/storybook/weather").status_code == 404


def _templates() -> str:
    """The templates of pages, without those of the storybook."""
    return "\n".join(
        path.read_text(encoding="utf-8") for path in PORTAL.rglob("*.html") if "storybook" not in path.parts
    )


def test_every_macro_is_used_by_a_page() -> None:
    pages = _templates()
    for name in MACRO.findall(pages):
        assert re.search(rf"(\{{\{{[^}}]*?\b{name}\(|call(\([^)]*\))? {name}\()", pages), (
            f"no page uses the macro {name}"
        )


def test_every_class_of_the_styles_is_used() -> None:
    files = [path for suffix in ("*.py", "*.js") for path in PORTAL.rglob(suffix)]
    texts = [_templates(), *(path.read_text(encoding="utf-8") for path in files if "vendor" not in path.parts)]
    words = {word for text in texts for word in re.findall(r"[\w-]+", text)}
    for path in (PORTAL / "static").glob("*.css"):
        if path.name == "api_docs.css":  # classes of Swagger UI
            continue
        styles = re.sub(r"/\*.*?\*/", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
        for selector in re.findall(r"([^{}]+)\{", styles):
            for name in re.findall(r"\.([a-zA-Z][\w-]*)", selector):
                assert name.startswith(("slot-", "shade-")) or name in words, f"{path.name}: {name}"


def test_every_part_can_be_had_from_the_one_place() -> None:
    index = (PORTAL / "templates" / "parts.html").read_text(encoding="utf-8")
    for name in _macros():
        assert re.search(rf"\w\.{name}\b", index), f"{name} is missing in parts.html"


def test_the_storybook_is_for_its_makers_only(portal: Flask, workshop: Flask) -> None:
    assert "storybook.show" in workshop.view_functions
    assert "storybook.show" not in portal.view_functions


def test_the_reader_chooses_the_colours_and_they_stay(anonymous: Visitor) -> None:
    assert 'media="screen and (prefers-color-scheme: dark)"' in anonymous.get("/sign-in").text
    answer = anonymous.post("/theme", {"theme": "dark", "next": "/help/problems"})
    assert answer.headers["Location"] == "/help/problems"
    page = anonymous.get("/sign-in").text
    assert 'data-theme="dark"' in page
    assert 'id="dark" media="screen"' in page


@pytest.mark.parametrize("elsewhere", ["https://example.com/", "//example.com", "/\\example.com", ""])
def test_a_chosen_colour_leads_to_no_other_host(anonymous: Visitor, elsewhere: str) -> None:
    assert anonymous.post("/theme", {"theme": "light", "next": elsewhere}).headers["Location"] == "/dashboard"


def test_a_made_up_colour_is_not_remembered(anonymous: Visitor) -> None:
    assert "theme=" not in "".join(anonymous.post("/theme", {"theme": "pink"}).headers.getlist("Set-Cookie"))


def _colours(sheet: str) -> dict[str, str]:
    return dict(COLOUR.findall((STATIC / sheet).read_text(encoding="utf-8")))


def test_the_dark_theme_defines_every_colour_of_the_light_one() -> None:
    assert set(_colours("dark.css")) == set(_colours("tillstream.css"))


def test_no_sheet_but_the_two_names_a_colour() -> None:
    for path in STATIC.glob("*.css"):
        if path.name not in {"tillstream.css", "dark.css", "print.css"}:
            colours = re.findall(r":[^;{}]*#[0-9a-fA-F]{3,8}\b", path.read_text(encoding="utf-8"))
            assert not colours, f"{path.name} names colours of its own: {colours}"


def _light(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _contrast(one: str, other: str) -> float:
    high, low = sorted((_light(one), _light(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("sheet", ["tillstream.css", "dark.css"])
def test_text_has_enough_contrast_on_every_background(sheet: str) -> None:
    colours = _colours(sheet)
    pairs = [(ink, on) for ink in ("ink", "soft") for on in ("paper", "sheet", "raised", "hover")]
    pairs += [(name, f"{name}-soft") for name in ("act", "good", "ask", "wrong")]
    pairs += [(name, on) for name in ("act", "good", "ask", "wrong") for on in ("paper", "sheet")]
    pairs += [("act-ink", "act"), ("ink", "ask-soft"), ("ink", "act-soft")]
    for ink, on in pairs:
        assert _contrast(colours[ink], colours[on]) >= 4.5, f"{ink} on {on}"
    for line in ("edge", "focus", *(f"series-{number}" for number in range(1, 7))):
        assert _contrast(colours[line], colours["sheet"]) >= 3, f"{line} on sheet"


def test_every_key_leads_to_one_area() -> None:
    keys = [one.key for one in menu.AREAS]
    assert len(set(keys)) == len(keys)


def test_a_role_is_shown_the_areas_that_it_may_open(portal: Flask, app: App) -> None:
    for role in Role:
        scope = {"regions": ("IN",), "salesperson": "S1" if role is Role.SALESPERSON else None}
        accounts.add_account(app.ports, role.value, role.value, role, password="correct horse battery", **scope)
        visitor = Visitor(portal.test_client())
        visitor.sign_in(role.value)
        page = visitor.get("/help/problems").text
        links = re.findall(r'<a href="([^"]+)" data-go=', page)
        assert links, role
        for link in links:
            assert visitor.get(link).status_code == 200, f"{role} is led to {link}"


def test_a_list_keeps_its_query_in_the_address(portal: Flask) -> None:
    with portal.test_request_context("/x?q=june&sort=-net&state=good&state=bad&page=3&size=50&tab=all"):
        query = list_query(sorts={"net"}, filters={"state"}, keep={"tab"})
    assert (query.first, query.column, query.down) == (100, "net", True)
    assert query.args == {
        "tab": "all", "q": "june", "state": ["good", "bad"], "sort": "-net", "size": 50, "page": "",
    }  # fmt: skip


def test_a_list_takes_no_sort_and_no_size_that_it_does_not_know(portal: Flask) -> None:
    with portal.test_request_context("/x?sort=password&size=100000&page=-4"):
        query = list_query(sorts={"net"}, default_sort="-net")
    assert (query.sort, query.size, query.page) == ("-net", 25, 1)


def test_a_page_of_a_list_shows_whether_more_follow() -> None:
    first = page_of(ListQuery(), list(range(60)))
    assert (len(first.rows), first.total, first.more, first.last) == (25, 60, True, 3)
    last = page_of(ListQuery(page=3), iter(range(60)))
    assert (list(last.rows), last.total, last.more, last.last) == (list(range(50, 60)), None, False, None)


def test_the_density_is_chosen_by_the_reader(maker: Visitor) -> None:
    assert 'data-density="comfortable"' in maker.get("/dashboard").text
    maker.post("/theme", {"density": "compact"})
    assert 'data-density="compact"' in maker.get("/dashboard").text
    maker.post("/theme", {"density": "tiny"})
    assert 'data-density="compact"' in maker.get("/dashboard").text


def test_every_variable_of_the_style_sheets_is_defined() -> None:
    sheets = [path.read_text(encoding="utf-8") for path in STATIC.glob("*.css")]
    used = {name for sheet in sheets for name in re.findall(r"var\(--([a-z0-9-]+)", sheet)}
    assert used <= {name for sheet in sheets for name in re.findall(r"--([a-z0-9-]+):", sheet)}
