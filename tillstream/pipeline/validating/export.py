"""Export of a contract's pandera schema, as a Python file or in pandera's YAML format."""

from collections.abc import Callable, Iterable

import pandera.polars as pandera

from tillstream.domain.contract.model import Contract
from tillstream.pipeline.validating.schema import SaleLineSchema

_SCRIPT = '''\
"""Checks of the contract {name}, version {version}, as a pandera schema for polars frames of sale lines.

Tillstream must be installed: it registers the checks. A date is in the future if it is after today's date in UTC.
"""

import pandera.polars as pandera
import polars as pl
from pandera.polars import Check

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


def script(contract: Contract) -> str:
    """Return the contract's schema as a Python file that defines `schema`."""
    # pandera's own scripts need pandas, and omit registered checks of a frame.
    schema = SaleLineSchema(contract, None).pandera
    columns = (
        f"        {name!r}: pandera.Column(\n"
        f"            pl.{column.dtype.type!r}, nullable=True, description={column.description!r},\n"
        f"            checks=[{_calls(column.checks)}],\n"
        "        ),"
        for name, column in schema.columns.items()
    )
    return _SCRIPT.format(
        name=contract.name,
        version=contract.version,
        schema_name=repr(schema.name),
        columns="\n".join(columns),
        checks=_calls(schema.checks),
    )


def to_yaml(contract: Contract) -> str:
    """Return the contract's schema in pandera's YAML format."""
    schema = SaleLineSchema(contract, None).pandera
    schema.coerce = True
    return str(schema.to_yaml())


FORMATS: dict[str, Callable[[Contract], str]] = {".py": script, ".yaml": to_yaml}
"""File name extension → function that returns the content of the file."""


def _calls(checks: Iterable[pandera.Check]) -> str:
    """Return the expressions that create the checks."""
    return ", ".join(
        f"Check.{check.name}({', '.join(f'{name}={value!r}' for name, value in check.statistics.items())})"
        for check in checks
    )
