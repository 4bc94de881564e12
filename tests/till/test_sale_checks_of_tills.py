"""A till refuses exactly the sales that the server refuses; its schema is the server's."""

import copy
import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

import tillstream
import tillstream_till
from tillstream.model.messages import MAX_SALE_BYTES, store_sale_errors, store_sale_schema
from tillstream_till import schema_check
from tillstream_till.sale_facts import facts_of

ROOT = Path(__file__).resolve().parents[2]
FIELDS = [
    *store_sale_schema()["properties"],
    *store_sale_schema()["properties"]["lines"]["items"]["properties"],
    "colour",
    "",
]
TEXTS = ["", "GBP", "GBP\n", "till", "returned", "store-sale/1", "12.50", "1e5", "-0", "a\nb", "\u2028", "x" * 101]
TIMES = ["2026-11-20T10:03:00Z", "2026-11-20T10:03:00", "2026-02-30T10:03:00Z", "0001-01-01T00:00:00Z"]
NUMBERS = [0, 1, -1, 1.0, 2.5, 2**53 - 1, 2**53, 1e300, float("inf"), float("nan")]
LARGE = ["99999999999999999999", "-99999999999999999999.999999999", "\ud800"]
leaves = st.none() | st.booleans() | st.sampled_from([*NUMBERS, *TEXTS, *TIMES, *LARGE]) | st.text(max_size=5)
values = st.recursive(
    leaves,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(FIELDS) | st.text(max_size=3), inner),
    max_leaves=6,
)


@st.composite
def sales(draw: st.DrawFn) -> Any:
    """An example of the schema in which some fields of the sale or of a line are set, added or left out."""
    sale = copy.deepcopy(draw(st.sampled_from(store_sale_schema()["examples"])))
    for part in draw(st.lists(st.sampled_from([sale, *sale["lines"]]), max_size=4)):
        name = draw(st.sampled_from(FIELDS))
        if draw(st.booleans()):
            part[name] = draw(values)
        else:
            part.pop(name, None)
    return sale


@given(sales() | values)
@example({"schema": [None]})
def test_a_till_refuses_exactly_what_the_server_refuses(value: Any) -> None:
    assert bool(schema_check.problems(value)) == bool(store_sale_errors(value))
    if isinstance(value, dict) and not store_sale_errors(value):
        assert re.fullmatch(r"-?\d+\.\d{2,9}", facts_of(value, "00:00").net)


def test_the_schema_and_the_limits_are_the_servers() -> None:
    assert schema_check.schema() == store_sale_schema()
    assert schema_check.MAX_MESSAGE_BYTES == MAX_SALE_BYTES


def test_the_versions_are_equal() -> None:
    assert tillstream_till.__version__ == tillstream.__version__


def test_the_package_of_a_till_needs_only_cryptography() -> None:
    project = tomllib.loads((ROOT / "till" / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["dependencies"] == ["cryptography"]
    assert project["scripts"] == {"tillstream-till": "tillstream_till.cli:script"}


def test_recording_loads_neither_the_product_nor_the_network() -> None:
    code = (
        "import sys\n"
        "from tillstream.cli.start import script\n"
        "sys.argv = ['tillstream', 'till', 'record', '--folder', '/nowhere']\n"
        "try:\n"
        "    script()\n"
        "except SystemExit as done:\n"
        "    print(json := __import__('json').dumps([done.code, sorted(sys.modules)]))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], input='{"number": "1"}', capture_output=True, text=True, check=True, timeout=60
    )
    status, modules = json.loads(done.stdout.splitlines()[-1])
    assert status == 1
    assert "tillstream_till.till" in modules
    heavy = {"click", "ssl", "urllib.request", "duckdb", "pyarrow", "rich", "pydantic", "tillstream.cli.main"}
    assert heavy.isdisjoint(modules)
