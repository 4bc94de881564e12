"""The name of an area is the same in the navigation, the heading and the title of its page."""

import re

from flask import Flask
from flask import url_for as address_of
from visitor import People

from portal.menu import AREAS
from tillstream.model.permissions import Role

OLD_WORDS = ("Decisions", "Delivery calendar", "Retry stalled batches", "Needs a decision")


def _text(pattern: str, page: str) -> list[str]:
    return [re.sub(r"<[^>]+>", "", one).strip() for one in re.findall(pattern, page, re.DOTALL)]


def test_the_heading_and_the_title_of_an_area_equal_its_label(portal: Flask, person: People) -> None:
    admin, areas = person(Role.ADMIN), [one for one in AREAS if one.endpoint in portal.view_functions]
    assert len(areas) > 12
    for area in areas:
        with portal.test_request_context():
            path = address_of(area.endpoint)
        page = admin.get(path).text
        assert _text(r"<h1[^>]*>(.*?)</h1>", page) == [area.label], area
        assert _text(r"<title>(.*?)</title>", page) == [f"{area.label} · Tillstream"], area
        current = re.search(r'<a href="([^"]*)"[^>]* aria-current="page"', page)
        assert current is not None, area
        assert current[1] == path
        assert not [word for word in OLD_WORDS if word in page], area


def test_labels_and_keys_of_areas_are_distinct() -> None:
    assert len({one.label for one in AREAS}) == len(AREAS)
    assert len({one.key for one in AREAS}) == len(AREAS)
