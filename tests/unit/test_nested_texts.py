"""Texts of people that are nested ten times as deeply as is accepted end in a sentence, not in the end of the process.

SQL is tried in `tests/escapes`, XML of workbooks in `tests/unit/pipeline/reading/test_xml_parts.py`.
"""

import io
import sys

import pytest

from examples import in_long_proofs
from tillstream.connectors.kinds import kafka
from tillstream.connectors.kinds.html_table import read_table
from tillstream.contracts import contract_files
from tillstream.contracts.contract_files import parse_contract_yaml
from tillstream.model import json_text
from tillstream.model.errors import Rejected
from tillstream.pipeline.reading.open_reader import read_blocks
from tillstream.pipeline.reading.read_options import ReadOptions

LEVELS = 10 * max(sys.getrecursionlimit(), 10_000)
"""The interpreter in C stops at 10,000 levels at most, in Python at its own limit."""


@pytest.mark.parametrize("levels", [10 * contract_files.MAX_YAML_DEPTH, LEVELS])
@pytest.mark.parametrize(("start", "end"), [("[", "]"), ("{a: ", "}"), ("- ", ""), ("[", "")])
def test_yaml(start: str, end: str, levels: int) -> None:
    with pytest.raises(Rejected, match=r"levels|not a contract|line"):
        parse_contract_yaml(f"name: x\ncolumns:\n  {start * levels}1{end * levels}\n", "contract.yaml")


@pytest.mark.parametrize(("start", "end"), [("[", "]"), ('{"a":', "}"), ("[", "")])
def test_json(start: str, end: str) -> None:
    with pytest.raises(json_text.NestedTooDeeply):
        json_text.decode_json(f"{start * LEVELS}1{end * LEVELS}")


@pytest.mark.parametrize(("start", "end"), [('{"a":', "}"), ("[", "]")])
def test_lines_of_json(start: str, end: str) -> None:
    """The other lines of the file are read."""
    value = f'{{"No": 3, "a": {start * LEVELS}1{end * LEVELS}}}'
    text = f'{{"No": 1}}\n{value}\n{{"No": 2}}\n'
    blocks = list(read_blocks(lambda: io.BytesIO(text.encode()), ReadOptions()))
    assert [row["No"] for block in blocks for row in block.cells.to_pylist()] == ["1", "2"]
    assert [(row.row_number, row.code) for block in blocks for row in block.unreadable] == [(2, "unreadable-json")]


def test_messages_of_a_queue() -> None:
    line, is_object = kafka._line(b'{"a":' * LEVELS)
    assert not is_object
    assert line.startswith(b'{"a":')


@pytest.mark.parametrize("tag", ["td", *in_long_proofs("div", "table", "b")])
def test_html(tag: str) -> None:
    page = f"<table><tr><td>A</td></tr><tr><td>{f'<{tag}>' * LEVELS}"
    header, _ = read_table(page.encode(), "utf-8", "1")
    assert header == ["A"]
