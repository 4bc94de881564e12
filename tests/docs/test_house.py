"""The form of the tree: how many modules there are, how deep they are, and what their names are.

Each limit is what the tree has now: a change may lower it, and raises none without a decision in docs/adr.
"""

from collections.abc import Container
from pathlib import Path
from statistics import median

import house_figures as house
import pytest

MODULES = 760
PACKAGES = 32
NEXT_DOOR = 0.05
"""The part of the modules whose only importer is in the same folder."""
MEDIAN_LINES = 120
LONGEST = 500
LONG: dict[str, str] = {}
"""Lines of a module, and the longer ones with the reason."""
LARGEST = 30
LARGE: dict[str, str] = {}
"""Modules of a folder, and the larger ones with the reason."""
COMPLEX, WORST = 111, 21
"""How many functions have a complexity above 15, and the largest."""
BY_HAND = 35
"""Modules that write audited documents themselves, not as a `Collection`."""
UNTYPED = 262
"""Places of `dict[str, Any]`: other types name their fields, or what the objects are."""
VAGUE = {"find", "show", "add", "decide", "of"}
"""Names of functions that nobody understands without their module."""
BANNED = {"one", "each", "own", "kept", "MOST"}
"""Names at the top of a module that are not names."""
FEATURES = (
    *("alert", "catalogue", "connector", "deliver", "export", "forecast", "goal", "mart"),
    *("quality", "report", "restock", "stock", "subscription", "sync", "webhook"),
)
"""The nouns of features. A module belongs to a feature if a word of its name or of its folders begins with the noun."""
SHARED = {
    "tillstream/alerts/conditions": "the conditions of alerts, one module for each, whatever they watch",
    "tillstream/cli": "commands on a terminal, one module for each group",
    "tillstream/commands": "the work of commands, one module for each group",
    "tillstream/model/tables": "columns of all tables of the warehouse, which adapters create",
    "portal/api": "calls of the API, one module for each resource",
}
"""Folders with a part of several features, with the reason."""
ELSEWHERE = {
    "tillstream/adapters/google/bigquery/reporting_views.py": "views for any reporting tool, not the executive report",
    "tillstream/analytics/computed_stock.py": "relations of named queries, which analytics runs",
    "tillstream/analytics/line_export.py": "sale lines read by ranges of days, for pages and Python too",
    "tillstream/analytics/query_catalogue.py": "the catalogue of named queries, not of products",
    "tillstream/app/home_sync.py": "composition: a home and its head office",
    "tillstream/app/mart_destinations.py": "composition: marts and the adapters of their destinations",
    "tillstream/app/outgoing_deliveries.py": "composition: deliveries and the adapters that they use",
    "tillstream/catalogue/file_export.py": "files of the catalogue, which its import reads",
    "tillstream/delivery/alert_channel.py": "where notices are delivered, like webhooks and destinations",
    "tillstream/detection/exports/export_programs.py": "exports of other programs, which arrive as files",
    "tillstream/intake/connector_deliveries.py": "arrivals: what a connector hands over becomes a batch",
    "tillstream/marts/export.py": "the marts as files and in databases",
    "tillstream/model/catalogue_columns.py": "vocabulary of imports, of goals and stock too",
    "tillstream/model/product_catalogue.py": "vocabulary of stages that read products and stores",
    "tillstream/pipeline/validating/schema_exports.py": "the checks of a contract for other libraries",
    "tillstream/reports/stock_section.py": "a section of the executive report",
    "tillstream/reports/subscriptions.py": "who gets the executive report",
    "tillstream/samples/deliveries.py": "made-up files of regions, which are taken in",
    "tillstream/spark/forecast_fits.py": "the fits of forecasts as a job on Spark",
    "tillstream/sync/stock_exchange.py": "movements between a home and its head office",
    "portal/delivery/alert_channels.py": "pages of tillstream/delivery/alert_channel.py",
    "portal/stock/reports.py": "lists of stock, not the executive report",
}
"""Modules whose names have the noun of a feature that is elsewhere, with the reason."""


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


@pytest.mark.parametrize("noun", FEATURES)
def test_a_feature_has_a_folder_and_its_pages(noun: str) -> None:
    """With `sql`, three folders at most; files there are by kind of object, because names of queries are addresses."""
    assert _scattered(noun, ELSEWHERE.keys()) == {}


@pytest.mark.parametrize("path", ELSEWHERE)
def test_an_exception_of_a_feature_is_needed(path: str) -> None:
    assert any(_scattered(noun, ELSEWHERE.keys() - {path}) for noun in FEATURES)


def _scattered(noun: str, elsewhere: Container[str]) -> dict[str, list[str]]:
    """The folders of a feature in `tillstream/` or `portal/`, each with its modules, where there are several."""
    folders: dict[str, list[str]] = {}
    for path in house.modules_of(noun):
        if path not in elsewhere and not path.startswith(tuple(f"{folder}/" for folder in SHARED)):
            folders.setdefault("/".join(path.split("/")[:2]), []).append(path)
    roots = [folder.split("/")[0] for folder in folders]
    return {folder: paths for folder, paths in folders.items() if roots.count(folder.split("/")[0]) > 1}


def test_functions_are_not_more_complex_than_before() -> None:
    worst = house.complexities()
    assert sum(count > 15 for count in worst.values()) <= COMPLEX, worst.most_common(3)
    assert max(worst.values()) <= WORST, worst.most_common(3)


def test_what_people_manage_is_a_collection() -> None:
    assert len(house.audited_by_hand()) <= BY_HAND


def test_objects_have_types_with_names() -> None:
    assert house.untyped_dicts() <= UNTYPED


def test_a_name_is_understood_without_its_module() -> None:
    assert [place for place in house.public_functions() if place[1] in VAGUE] == []


def test_a_method_is_named_for_what_it_gives() -> None:
    """A collection has `add`, and a store has `find`; `of` is no name anywhere."""
    assert [place for place in house.methods() if place[1] == "of"] == []


def test_a_module_defines_no_empty_names() -> None:
    assert [place for place in house.definitions() if place[1] in BANNED] == []


def test_constants_are_above_the_definitions_that_they_do_not_need() -> None:
    assert house.late_constants() == []


def test_imports_are_above_the_definitions() -> None:
    assert house.late_imports() == []


def test_no_two_public_classes_share_a_name() -> None:
    assert house.repeated_classes() == {}


def _named(path: Path) -> str:
    return path.relative_to(house.ROOT).as_posix()
