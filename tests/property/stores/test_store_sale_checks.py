"""The checks of a store sale find what a library for JSON schemas finds, in the same words."""

import copy
import json
from datetime import datetime
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator, FormatChecker

from tillstream.model.json_schemas import compile_acceptor, find_violations
from tillstream.model.messages import decode_store_sale, store_sale_errors, store_sale_schema

FIELDS = [
    *store_sale_schema()["properties"],
    *store_sale_schema()["properties"]["lines"]["items"]["properties"],
    "colour",
    "0",
    "",
]
TEXTS = ["", "GBP", "GBP\n", "till", "returned", "store-sale/1", "12.50", "1e5", "-0", "a\nb", "\u2028", "x" * 101]
TIMES = ["2026-11-20T10:03:00Z", "2026-11-20T10:03:00", "2026-02-30T10:03:00Z", "0001-01-01T00:00:00Z"]
NUMBERS = [0, 1, -1, 1.0, 2.5, 2**53 - 1, 2**53, 1e300, float("inf"), float("-inf"), float("nan")]
leaves = st.none() | st.booleans() | st.sampled_from([*NUMBERS, *TEXTS, *TIMES]) | st.text(max_size=5)
values = st.recursive(
    leaves,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(FIELDS) | st.text(max_size=3), inner),
    max_leaves=6,
)


def is_instant(value: object) -> bool:
    return not isinstance(value, str) or datetime.fromisoformat(value).tzinfo is not None


formats = FormatChecker(formats=())
formats.checks("date-time", raises=ValueError)(is_instant)
LIBRARY = Draft202012Validator(store_sale_schema(), format_checker=formats)
FORMATS = {"date-time": is_instant}
ACCEPTS = compile_acceptor(store_sale_schema(), FORMATS)


@st.composite
def sales(draw: st.DrawFn) -> Any:
    """An example of the schema in which some fields of the sale or of a line are set, added or left out."""
    sale = copy.deepcopy(draw(st.sampled_from(store_sale_schema()["examples"])))
    parts = [sale, *sale["lines"]]
    for part in draw(st.lists(st.sampled_from(parts), max_size=4)):
        name = draw(st.sampled_from(FIELDS))
        if draw(st.booleans()):
            part[name] = draw(values)
        else:
            part.pop(name, None)
    return sale


def by_library(value: Any) -> list[tuple[list[str], str]]:
    errors = sorted(LIBRARY.iter_errors(value), key=lambda error: [str(part) for part in error.absolute_path])
    return [([str(part) for part in error.absolute_path], error.message) for error in errors]


def by_own(value: Any) -> list[tuple[list[str], str]]:
    violations = sorted(find_violations(value, store_sale_schema(), FORMATS), key=lambda violation: violation.path)
    return [([*violation.path], violation.message) for violation in violations]


@given(sales() | values)
def test_own_checks_find_what_the_library_finds(value: Any) -> None:
    assert by_own(value) == by_library(value)


@given(sales() | values)
def test_the_quick_test_accepts_nothing_with_a_violation(value: Any) -> None:
    assert not (ACCEPTS(value) and by_own(value))


@given(sales())
def test_the_quick_test_accepts_nearly_every_valid_sale(sale: Any) -> None:
    is_unusual = isinstance(sale.get("version"), float)
    assert by_own(sale) or ACCEPTS(sale) or is_unusual


@given(sales() | values, st.sampled_from(["", "\ud83d", "é", "\\"]))
def test_a_text_has_the_errors_of_its_value(value: Any, name: str) -> None:
    if isinstance(value, dict):
        value = value | {"customer_name": name}
    for ascii_only in (True, False):
        text = json.dumps(value, ensure_ascii=ascii_only)
        assert decode_store_sale(text)[1] == store_sale_errors(json.loads(text))
