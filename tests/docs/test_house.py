"""The form of the tree: how many modules there are, how deep they are, and what their names are.

Each limit is what the tree has now: a change may lower it, and raises none without a decision in docs/adr.
"""

from pathlib import Path
from statistics import median

import house_figures as house

MODULES = 800
PACKAGES = 32
NEXT_DOOR = 0.08
"""The part of the modules whose only importer is in the same folder."""
MEDIAN_LINES = 120
LONGEST, LONG = 500, {}
"""Lines of a module, and the longer ones with the reason."""
LARGEST, LARGE = 30, {}
"""Modules of a folder, and the larger ones with the reason."""
COMPLEX, WORST = 112, 21
"""How many functions have a complexity above 15, and the largest."""
BY_HAND = 36
"""Modules that write audited documents themselves, not as a `Collection`."""
VAGUE = {"find", "show", "add", "decide", "of"}
"""Names of functions that nobody understands without their module."""
BANNED = {"one", "each", "own", "kept", "MOST"}
"""Names at the top of a module that are not names."""


def test_the_product_has_no_more_modules_than_ideas() -> None:
    assert 400 < len(house.modules()) <= MODULES


def test_packages_are_few() -> None:
    assert len(house.packages()) <= PACKAGES


def test_what_one_neighbour_uses_lives_with_it() -> None:
    assert len(house.only_used_next_door()) / len(house.modules()) <= NEXT_DOOR


def test_a_module_is_as_long_as_its_idea() -> None:
    lengths = {module.path.relative_to(house.ROOT).as_posix(): module.lines for module in house.modules().values()}
    assert median(lengths.values()) >= MEDIAN_LINES
    assert {path for path, lines in lengths.items() if lines > LONGEST} == set(LONG)


def test_a_folder_has_no_more_modules_than_a_reader_overlooks() -> None:
    folders = [module.path.parent for module in house.modules().values()]
    assert {_named(folder) for folder in folders if folders.count(folder) > LARGEST} == set(LARGE)


def test_functions_are_not_more_complex_than_before() -> None:
    worst = house.complexities()
    assert sum(count > 15 for count in worst.values()) <= COMPLEX, worst.most_common(3)
    assert max(worst.values()) <= WORST, worst.most_common(3)


def test_what_people_manage_is_a_collection() -> None:
    assert len(house.audited_by_hand()) <= BY_HAND


def test_a_name_is_understood_without_its_module() -> None:
    assert [place for place in house.public_functions() if place[1] in VAGUE] == []


def test_a_module_defines_no_empty_names() -> None:
    assert [place for place in house.definitions() if place[1] in BANNED] == []


def test_no_two_public_classes_share_a_name() -> None:
    assert house.repeated_classes() == {}


def _named(path: Path) -> str:
    return path.relative_to(house.ROOT).as_posix()
