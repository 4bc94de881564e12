"""An exported schema, read back, passes and fails the same rows as the schema of the pipeline."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from types import ModuleType
from typing import Any

import pandera.errors
import pandera.polars as pandera
import polars as pl
import pytest
from drawn_contracts import BY_TYPE, contracts
from hypothesis import given, settings
from hypothesis import strategies as st
from source_tables import contract

from examples import examples
from tillstream.model.contract import Contract
from tillstream.pipeline.validating.schema_exports import to_pandas_script, to_polars_script, to_schema_yaml
from tillstream.pipeline.validating.validate import SaleLineSchema

Masks = dict[tuple[str | None, str], list[bool]]


def frame_of(draw: st.DataObject, schema: pandera.DataFrameSchema) -> pl.DataFrame:
    count = draw.draw(st.integers(0, 6))
    types = {name: column.dtype.type for name, column in schema.columns.items()}
    values = {name: draw.draw(st.lists(BY_TYPE[kind], min_size=count, max_size=count)) for name, kind in types.items()}
    return pl.DataFrame(values, schema=types)


def masks(schema: pandera.DataFrameSchema, frame: pl.DataFrame) -> Masks:
    """(column, check) → whether each row passes, for the checks that some row fails."""
    try:
        schema.validate(frame, lazy=True)
    except pandera.errors.SchemaErrors as errors:
        return {(e.column_name, e.check.name): e.check_output.to_series().to_list() for e in errors.schema_errors}
    return {}


def read_script(text: str) -> pandera.DataFrameSchema:
    names: dict[str, Any] = {}
    exec(compile(text, "exported.py", "exec"), names)
    return names["schema"]


def read_yaml(text: str) -> pandera.DataFrameSchema:
    with pytest.MonkeyPatch.context() as patch:
        # pandera imports pandas to read YAML, and uses it for times only, which no schema of a sale line checks
        patch.setitem(sys.modules, "pandas", ModuleType("pandas"))
        return pandera.DataFrameSchema.from_yaml(text)


@settings(max_examples=examples(100))
@given(contracts(), st.data())
def test_an_exported_schema_passes_and_fails_the_same_rows(rules: Contract, draw: st.DataObject) -> None:
    schema = SaleLineSchema(rules, date(2026, 6, 1)).pandera
    frame = frame_of(draw, schema)
    expected = masks(schema, frame)
    assert masks(read_script(to_polars_script(rules)), frame) == expected
    assert masks(read_yaml(to_schema_yaml(rules)), frame) == expected


@pytest.fixture(scope="module")
def pandas_masks(
    notebook_programs: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[Contract, pl.DataFrame, str], Masks]]:
    """`masks` of the schema that is exported for pandas, and of the frame as pandas has it. Types: arrow or numpy."""
    path = tmp_path_factory.mktemp("pandas") / "rows.arrow"
    command = [notebook_programs / "python", Path(__file__).with_name("pandas_masks.py")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin
        assert process.stdout
        requests, answers = process.stdin, process.stdout

        def masks_of(rules: Contract, frame: pl.DataFrame, types: str) -> Masks:
            frame.write_ipc(path, compat_level=pl.CompatLevel.oldest())
            print(json.dumps([to_pandas_script(rules), str(path), types]), file=requests, flush=True)
            return {(column, check): passes for column, check, passes in json.loads(answers.readline())}

        yield masks_of


@settings(max_examples=examples(200))
@given(contracts(), st.data())
def test_a_pandas_frame_passes_and_fails_the_same_rows(
    pandas_masks: Callable[[Contract, pl.DataFrame, str], Masks], rules: Contract, draw: st.DataObject
) -> None:
    schema = read_script(to_polars_script(rules))
    frame = frame_of(draw, schema)
    read_as_texts = frame.select(pl.all().cast(pl.String))
    written, types = draw.draw(st.sampled_from([(frame, "arrow"), (frame, "numpy"), (read_as_texts, "numpy")]))
    assert pandas_masks(rules, written, types) == masks(schema, frame)


def test_a_pandas_schema_converts_floats_and_datetimes_first(
    pandas_masks: Callable[[Contract, pl.DataFrame, str], Masks],
) -> None:
    rules = contract(ranges={"unit_price": {"minimum": "0.1"}})
    plain = {"region": "R", "sale_id": "1", "line_key": "1", "status": "completed", "currency": "USD", "net_amount": 1}
    frame = pl.DataFrame(
        plain
        | {
            "sale_date": pl.Series(["2026-03-01T23:59", "9999-12-31T00:00", None]).str.to_datetime(),
            "quantity": [1.0, -1.0, None],
            "unit_price": [0.1, 0.09, None],
        }
    )
    assert pandas_masks(rules, frame, "numpy") == {
        ("sale_date", "missing_required"): [True, True, False],
        ("sale_date", "future_date"): [True, False, True],
        ("unit_price", "out_of_range"): [True, False, True],
        (None, "negative_quantity"): [True, False, True],
    }


def test_an_exported_schema_converts_texts_and_whole_numbers_first() -> None:
    rules = contract(stores=["A"])
    schema = read_script(to_polars_script(rules))
    plain = {"region": "R", "sale_id": "1", "status": "completed", "sale_date": date(2026, 3, 1), "currency": "USD"}
    frame = pl.DataFrame(
        plain
        | {
            "line_key": "1",
            "store_id": ["A", "B"],
            "quantity": [1, -1],
            "unit_price": "0.5",
            "net_amount": "1",
            "discount": None,
        }
    )
    assert masks(schema, frame) == {
        ("store_id", "unknown_store"): [True, False],
        (None, "negative_quantity"): [True, False],
    }
    validated = schema.validate(frame.head(1), lazy=True)
    assert validated["unit_price"].to_list() == [Decimal("0.5")]
