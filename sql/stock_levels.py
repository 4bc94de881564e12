"""GoogleSQL of stock levels that are computed from movements and sale lines, and of those that differ from them."""

from collections.abc import Mapping, Sequence
from textwrap import indent

import sql

_PART = "product >= @first_product AND (@next_product = '' OR product < @next_product)"
FACTS_OF_PRODUCTS = {
    "visible_movements": f"SELECT * FROM current_movements WHERE {_PART}",
    "visible_stock_lines": (
        "SELECT * FROM line_facts\n"
        f"WHERE is_active AND store_id IS NOT NULL AND units IS NOT NULL AND sale_date >= @first_day AND {_PART}"
    ),
}
"""Movements and lines of the products from @first_product until before @next_product, or to the last one if that is
empty; lines from @first_day."""


def with_relations(relations: Mapping[str, str], select: str, named: Sequence[str] = ("computed_stock_levels",)) -> str:
    """A SELECT of relations, and of those of sql/relations that read them, each after those that it reads."""
    texts = {**relations, **{name: sql.relations()[name] for name in named}}
    ctes = ",\n".join(f"{name} AS (\n{indent(text, '  ')}\n)" for name, text in texts.items())
    return f"WITH\n{ctes}\n{select}"


def differences() -> str:
    """The levels of products that differ from the computed ones; parameters as of FACTS_OF_PRODUCTS and of
    sql/relations/computed_stock_levels."""
    return with_relations(FACTS_OF_PRODUCTS, f"SELECT * FROM (\n{sql.statement('stock/level_differences')}\n)")
