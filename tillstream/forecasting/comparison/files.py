"""A comparison as files: its numbers as JSON, and the forecasts that they are computed from as Parquet."""

import json
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from tillstream.forecasting.comparison.score import Comparison, predictions
from tillstream.forecasting.sales.series import Series
from tillstream.model.errors import Rejected

REPORT, PREDICTIONS = "comparison.json", "predictions.parquet"


def write(folder: str, report: dict[str, Any], series: Series, comparison: Comparison) -> None:
    """Write both files; they replace those of an earlier comparison. report: JSON.

    Raises `Rejected` if the folder cannot be written.
    """
    tables = predictions(series, comparison)
    first = next(tables)
    path = Path(folder)
    try:
        path.mkdir(parents=True, exist_ok=True)
        draft = path / f".{PREDICTIONS}"
        with pq.ParquetWriter(draft, first.schema, compression="zstd") as writer:
            writer.write_table(first)
            for table in tables:
                writer.write_table(table)
        draft.replace(path / PREDICTIONS)
        (path / REPORT).write_text(json.dumps(report, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    except OSError as error:
        raise Rejected(f"{folder} cannot be written: {error.strerror or error}.") from error
