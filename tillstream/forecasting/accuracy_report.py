"""How accurate forecasts were in their backtest, as published by the command, the API and the portal."""

from typing import Any

import sql
from tillstream.analytics.json_values import to_json
from tillstream.forecasting import runs
from tillstream.ports import Ports


def report(ports: Ports) -> dict[str, Any]:
    """Return the last run, the accuracy by target, level and window, and what the model relies on.

    `windows` has one entry for each window of the backtest, and one without `cutoff_date` for all of them together.
    """
    last = runs.last(ports)
    if last is None:
        return {"run": None, "windows": [], "importance": []}
    rows = ports.warehouse.query(sql.text("forecasts/accuracy")).to_pylist()
    windows: dict[tuple[Any, ...], dict[str, Any]] = {}
    for row in rows:
        key = (row["target"], row["level"], row["cutoff_date"])
        window = windows.setdefault(key, dict(zip(("target", "level", "cutoff_date"), key, strict=True)))
        window[row["measure"]] = row["value"]
        window["points"] = row["points"]
    importance = ports.warehouse.query(sql.text("forecasts/importance")).to_pylist()
    return {"run": runs.published(last), "windows": to_json([*windows.values()]), "importance": to_json(importance)}
