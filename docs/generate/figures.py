"""docs/figures.md, from the catalogue of figures."""

from docs.generate.markdown import page as markdown
from tillstream.analytics.metrics import COUNTED_LINES, METRICS, Metric

INTRO = """
What each number of the portal means. Behind every figure stands this text, with the filters in force, the uploads that
it is made from, and what is missing from it: `/why/NAME`, for programs `/api/why/NAME`, with the filters of the
[API](api.md). The queries are those of [the warehouse](warehouse.md).
"""


def page() -> str:
    return markdown("Figures", INTRO, *map(_figure, METRICS.values()))


def _figure(figure: Metric) -> str:
    parts = [
        f"## {figure.label}",
        f"`{figure.name}` of the query `{figure.query}`. {figure.definition}",
        f"How it is made: {figure.formula}.",
        f"From which lines: {COUNTED_LINES[figure.counts]}",
        figure.rule,
    ]
    return "\n\n".join(part for part in parts if part)
