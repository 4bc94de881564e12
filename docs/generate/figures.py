"""docs/figures.md, from the catalogue of figures."""

from docs.generate.markdown import page as markdown
from tillstream.analytics.metrics import COUNTED_LINES, METRICS, Metric

INTRO = """
Definitions of the figures in the portal. Each figure links to an explanation with this text, the active filters, the
uploads that it is computed from, and what is missing from it: `/why/NAME`, or `/api/why/NAME` for programs, with the
filters of the [API](api.md). For the queries, see [the warehouse](warehouse.md).
"""


def page() -> str:
    return markdown("Figures", INTRO, *map(_figure, METRICS.values()))


def _figure(figure: Metric) -> str:
    parts = [
        f"## {figure.label}",
        f"`{figure.name}` of the query `{figure.query}`. {figure.definition}",
        f"Formula: {figure.formula}.",
        f"Lines: {COUNTED_LINES[figure.counts]}",
        figure.rule,
    ]
    return "\n\n".join(part for part in parts if part)
