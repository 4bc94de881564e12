"""docs/measures.md, from the definitions of the measures."""

from docs.generate.markdown import page as markdown
from docs.generate.markdown import table
from tillstream.analytics.measures.definitions import (
    COUNTED_LINES,
    DIMENSIONS,
    GRAINS,
    Dimension,
    Measure,
    all_measures,
)

INTRO = """
Each number in the portal, the API, exports, and Looker sources is a measure, and each measure is defined once, in
`tillstream/analytics/measures/definitions.toml`. In the portal, **Measures** lists them, and each number links to an
explanation with its definition, the active filters, the uploads that it is computed from, and what is missing from it:
`/why/NAME`, or `/api/v1/why/NAME` for programs, with the filters of the [API](api.md).

`tillstream measures revenue orders --by month --by store` prints measures by any [dimensions](#dimensions); the
operation `/api/v1/measures/values` and the
[Python client](python.md) return the same values. For named queries, see
[the warehouse](warehouse.md).
"""
DIMENSIONS_INTRO = """
Measures can be grouped by one or more dimensions. Measures that compare two periods cannot be grouped by a period, and
personal dimensions need a role that sees personal data.
"""


def page() -> str:
    return markdown(
        "Measures",
        INTRO,
        "## Dimensions",
        DIMENSIONS_INTRO,
        table(["Dimension", "Name", "Note"], [[f"`{one.name}`", one.label, _note(one)] for one in DIMENSIONS.values()]),
        "## Grains",
        table(["Grain", "Rows"], [[f"`{name}`", text] for name, text in GRAINS.items()]),
        *map(_measure, all_measures().values()),
    )


def _note(one: Dimension) -> str:
    return "period" if one.is_period else "personal" if one.is_personal else ""


def _measure(one: Measure) -> str:
    query = f" of the query `{one.query}`" if one.query else ""
    parts = [
        f"## {one.label}",
        f"`{one.name}`{query}. {one.description}",
        f"Formula: {one.formula}.",
        f"Lines: {COUNTED_LINES[one.lines]}",
        one.rule,
        f"Format: {one.format}. Grain: `{one.grain}`. Owner: {one.owner}.",
    ]
    return "\n\n".join(part for part in parts if part)
