"""The menu: at most eight entries for each role, with every page that the role may open."""

import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import groupby
from pathlib import Path
from typing import Any

import pytest
from app_factory import build
from flask import Flask, url_for
from visitor import People, Visitor

from portal.menu import AREAS, ENTRIES, is_registered
from tillstream.adapters.local.clock import ManualClock
from tillstream.app import App
from tillstream.model.permissions import PERMISSIONS, Role
from tillstream.settings import Settings

MOST = 8
LINK = re.compile(r'<a [^>]*?href="([^"]*)"[^>]*>(.*?)</a>', re.DOTALL)
SETTINGS: dict[str, dict[str, Any]] = {
    "local": {},
    "development": {"development": True},
    "project": {"project": "demo", "mail_from": "a@example.com"},
}


@pytest.fixture(params=list(SETTINGS))
def app(request: pytest.FixtureRequest, tmp_path: Path, clock: ManualClock) -> Iterator[App]:
    opened = build(Settings(home=tmp_path, samples=False, threads=1), clock)
    yield replace(opened, settings=opened.settings.model_copy(update=SETTINGS[request.param]))
    opened.close()


def links(page: str, part: str) -> dict[str, str]:
    """The words of the links in the elements of a class, by address."""
    matches = "".join(one[0] for one in re.finditer(rf'<(\w+) class="{part}".*?</\1>', page, re.DOTALL))
    return {href: " ".join(re.sub(r"<[^>]+>", " ", words).split()) for href, words in LINK.findall(matches)}


def visit(person: People, role: Role) -> Visitor:
    return person(role, *(() if role is Role.ADMIN else ("IN",)))


def test_each_role_has_at_most_eight_entries_with_names_of_their_own(person: People) -> None:
    for role in Role:
        entries = links(visit(person, role).get("/help/problems").text, "areas")
        assert 1 < len(entries) <= MOST, role
        assert len(set(entries.values())) == len(entries), role


@pytest.mark.system
@pytest.mark.parametrize("app", ["local"], indirect=True)
@pytest.mark.parametrize("role", list(Role))
def test_entries_and_their_tabs_lead_to_the_pages_that_the_role_may_open(
    portal: Flask, person: People, role: Role
) -> None:
    visitor = visit(person, role)
    page = visitor.get("/help/problems").text
    tabs = {href: links(visitor.get(href).text, "entry-tabs") for href in links(page, "areas")}
    assert all(len(several) != 1 for several in tabs.values())
    reached = {*tabs, *(href for several in tabs.values() for href in several)}
    reached |= links(page, "person").keys() | links(page, "bell").keys()
    with portal.test_request_context():
        areas = [one for one in AREAS if is_registered(one.endpoint)]
        expected = {url_for(one.endpoint) for one in areas if one.action is None or one.action in PERMISSIONS[role]}
        others = {url_for(one.endpoint) for one in areas} - expected
    assert expected <= reached
    assert not others & reached


def test_areas_are_listed_by_entry_in_the_order_of_the_menu() -> None:
    assert [name for name, _ in groupby(AREAS, lambda one: one.entry)] == [one.name for one in ENTRIES]
