"""Export of a contract's pandera schema, as a Python file or in pandera's YAML format."""

from collections.abc import Callable, Iterable

import pandera.polars as pandera

from tillstream.domain.columns import BY_NAME, Kind
from tillstream.domain.contract.model import Contract
from tillstream.pipeline.validating.schema import SaleLineSchema

_SCRIPT = '''\
"""Checks of the contract {name}, version {version}, as a pandera schema for {frames} frames of sale lines.

Tillstream must be installed: it registers the checks. A date is in the future if it is after today's date in UTC.
"""

{imports}
import tillstream.pipeline.validating.checks  # registers the checks

schema = pandera.DataFrameSchema(
    name={schema_name},
    coerce=True,
    columns={{
{columns}
    }},
    checks=[{checks}],
)
'''


_POLARS = """\
import pandera.polars as pandera
import polars as pl
from pandera.polars import Check
"""
_PANDAS = """\
import pandas as pd
import pandera.pandas as pandera
import pyarrow as pa
from pandera.pandas import Check
"""
_ARROW_TYPES = {
    Kind.STRING: "pa.string()",
    Kind.JSON: "pa.string()",
    Kind.DATE: "pa.date32()",
    Kind.TIMESTAMP: 'pa.timestamp("us", "UTC")',
    Kind.NUMERIC: "pa.decimal128(38, 9)",
    Kind.INT64: "pa.int64()",
}
"""The types of pandas columns: pandas itself has no type for decimals and dates."""


def script(contract: Contract) -> str:
    """Return the contract's schema for polars frames as a Python file that defines `schema`."""
    return _script(contract, "polars", _POLARS, lambda _, column: f"pl.{column.dtype.type!r}")


def pandas_script(contract: Contract) -> str:
    """Return the contract's schema for pandas frames as a Python file that defines `schema`."""
    return _script(contract, "pandas", _PANDAS, lambda name, _: f"pd.ArrowDtype({_ARROW_TYPES[BY_NAME[name].kind]})")


def to_yaml(contract: Contract) -> str:
    """Return the contract's schema for polars frames in pandera's YAML format."""
    schema = SaleLineSchema(contract, None).pandera
    schema.coerce = True
    return str(schema.to_yaml())


FORMATS: dict[str, dict[str, Callable[[Contract], str]]] = {
    "polars": {".py": script, ".yaml": to_yaml},
    # YAML contains a type by its name, from which pandas cannot create the type of decimals
    "pandas": {".py": pandas_script},
}
"""Library of the frames → file name extension → function that returns the content of the file."""


def _script(contract: Contract, frames: str, imports: str, dtype: Callable[[str, pandera.Column], str]) -> str:
    """dtype: function of a column's name and its polars schema that returns the expression of its type."""
    # pandera's own scripts need pandas, and omit registered checks of a frame.
    schema = SaleLineSchema(contract, None).pandera
    columns = (
        f"        {name!r}: pandera.Column(\n"
        f"            {dtype(name, column)}, nullable=True, description={column.description!r},\n"
        f"            checks=[{_calls(column.checks)}],\n"
        "        ),"
        for name, column in schema.columns.items()
    )
    return _SCRIPT.format(
        frames=frames,
        imports=imports,
        name=contract.name,
        version=contract.version,
        schema_name=repr(schema.name),
        columns="\n".join(columns),
        checks=_calls(schema.checks),
    )


def _calls(checks: Iterable[pandera.Check]) -> str:
    """Return the expressions that create the checks."""
    return ", ".join(
        f"Check.{check.name}({', '.join(f'{name}={value!r}' for name, value in check.statistics.items())})"
        for check in checks
    )
