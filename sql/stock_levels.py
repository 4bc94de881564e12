"""GoogleSQL of stock levels that are computed from movements and sale lines, and of those that differ from them."""

from collections.abc import Mapping, Sequence
from textwrap import indent

import sql

_PART_OF = "{table}.product >= @first_product AND (@next_product = '' OR {table}.product < @next_product)"
FACTS_OF_PRODUCTS = {
    "visible_movements": f"SELECT * FROM current_movements WHERE {_PART_OF.format(table='current_movements')}",
    "visible_stock_lines": (
        "SELECT * FROM line_facts\n"
        f"WHERE is_active AND store_id IS NOT NULL AND units IS NOT NULL AND sale_date >= @first_day\n"
        f"  AND {_PART_OF.format(table='line_facts')}"
    ),
}
"""Movements and lines of the products from @first_product until before @next_product, or to the last one if that is
empty; lines from @first_day."""

COUNTED_PAIRS = """SELECT
  region,
  store_id,
  product,
  COALESCE(MAX(IF(stock_date < @since, stock_date, NULL)), MIN(stock_date)) AS first_day
FROM current_movements
WHERE kind = 'count' AND product IS NOT NULL
GROUP BY region, store_id, product"""
"""Counted products in stores with the day of their last count before @since, or of their first count."""
_OF_COUNTED_PAIR = (
    "ON counted_pairs.region = {table}.region\n"
    "  AND counted_pairs.store_id = {table}.store_id\n"
    "  AND counted_pairs.product = {table}.product"
)
FACTS_OF_COUNTED_PAIRS = {
    "counted_pairs": COUNTED_PAIRS,
    "visible_movements": f"""SELECT current_movements.*
FROM current_movements
LEFT JOIN counted_pairs
  {_OF_COUNTED_PAIR.format(table="current_movements")}
WHERE (current_movements.kind = 'unsellable-return' OR current_movements.stock_date >= counted_pairs.first_day)
  AND {_PART_OF.format(table="current_movements")}""",
    "visible_stock_lines": f"""SELECT line_facts.*
FROM line_facts
INNER JOIN counted_pairs
  {_OF_COUNTED_PAIR.format(table="line_facts")}
WHERE line_facts.is_active
  AND line_facts.units IS NOT NULL
  AND line_facts.sale_date >= @first_day
  AND line_facts.region IN UNNEST(@regions)
  AND line_facts.store_id IN UNNEST(@stores)
  AND line_facts.sale_date >= counted_pairs.first_day
  AND {_PART_OF.format(table="line_facts")}""",
}
"""Movements and lines of the products of FACTS_OF_PRODUCTS in the stores where they are counted, each from the day of
COUNTED_PAIRS on; lines from @first_day, in @regions and @stores."""


def with_relations(relations: Mapping[str, str], select: str, named: Sequence[str] = ("computed_stock_levels",)) -> str:
    """A SELECT of relations, and of those of sql/relations that read them, each after those that it reads."""
    texts = {**relations, **{name: sql.relations()[name] for name in named}}
    ctes = ",\n".join(f"{name} AS (\n{indent(text, '  ')}\n)" for name, text in texts.items())
    return f"WITH\n{ctes}\n{select}"


def differences() -> str:
    """The levels of products that differ from the computed ones; parameters as of FACTS_OF_PRODUCTS and of
    sql/relations/computed_stock_levels."""
    return with_relations(FACTS_OF_PRODUCTS, f"SELECT * FROM (\n{sql.statement('stock/level_differences')}\n)")
