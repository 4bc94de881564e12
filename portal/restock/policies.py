"""Order policies compared over the company's past sales: a chart and a table."""

from collections.abc import Mapping, Sequence
from typing import Any

from flask import render_template

from portal.access import allow
from portal.context import ports
from portal.forecast.numbers import sees_all
from portal.restock import texts
from tillstream.model.people import Action
from tillstream.stock import restock_simulation
from tillstream.stock.restock_simulation import FIXED, QUANTILE

SHOWN = 0.95
"""Fill rate of the sentence."""
Compared = Mapping[tuple[float, str], Mapping[str, Any]]
"""By fill rate and policy."""


@allow(Action.SEE_COSTS)
def show() -> str:
    """The last simulation, for those who see all stores: it is over all of them."""
    last = restock_simulation.stored_comparison(ports()) if sees_all() else None
    if last is None or not last.compared:
        problem = "" if last is None else last.problem
        return render_template("restock/policies.html", last=None, sees_all=sees_all(), problem=problem)
    compared = {(row["fill"], row["policy"]): row for row in last.compared}
    names = [name for name in texts.POLICIES if any(policy == name for _, policy in compared)]
    fills = sorted({fill for fill, _ in compared})
    change = compared.get((SHOWN, QUANTILE), {}).get("change")
    return render_template(
        "restock/policies.html",
        last=last,
        names=names,
        labels=texts.POLICIES,
        fills=fills,
        compared=compared,
        figure=_figure(compared, names, fills, last.currency),
        shown=SHOWN,
        change=change,
        fixed=FIXED,
    )


def _figure(compared: Compared, names: Sequence[str], fills: Sequence[float], currency: str) -> dict[str, Any]:
    return {
        "kind": "line",
        "labels": [f"{fill:.0%}" for fill in fills],
        "currency": currency,
        "measure": texts.MEAN_STOCK,
        "series": [
            {
                "name": texts.POLICIES[name],
                "values": [compared[fill, name]["stock_value"] if (fill, name) in compared else None for fill in fills],
            }
            for name in names
        ],
    }
