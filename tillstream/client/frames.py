"""Frames from Arrow tables; the frame libraries are imported only here, when a frame is made."""

from typing import Any, Literal

import pyarrow as pa

from tillstream.model.errors import Rejected

Kind = Literal["pandas", "polars", "arrow"]


def frame(table: pa.Table, kind: Kind) -> Any:
    """Return the table as a frame of a kind; pandas columns have Arrow types. Raises `Rejected` for another kind."""
    match kind:
        case "pandas":
            import pandas as pd

            return table.to_pandas(types_mapper=pd.ArrowDtype, split_blocks=True, self_destruct=True)
        case "polars":
            import polars as pl

            return pl.from_arrow(table)
        case "arrow":
            return table
    raise Rejected(f"as_ is {kind!r}; it must be pandas, polars or arrow.")
