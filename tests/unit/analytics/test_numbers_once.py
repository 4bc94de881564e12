"""Each number has one formula: no file of sql/ or Python computes a measure of definitions.toml by hand, but for listed
ones."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
import sqlglot
from sqlglot import exp

import sql
from looker.definitions import reports
from looker.queries import formula_sql
from tillstream.analytics.measures.definitions import MEASURE_FUNCTIONS, POSITIVE_FUNCTION, all_measures
from tillstream.analytics.measures.view_measures import ViewMeasure, view_measures

ROOT = Path(sql.__file__).parent
FILES = sorted(
    str(path.relative_to(ROOT)).removesuffix(".sql") for path in ROOT.rglob("*.sql") if path.suffixes == [".sql"]
)
SLOWER = {
    "queries/country-shares": (
        "customers lines new_customers revenue unconverted_lines",
        "composed 1.06 to 1.09 × as long at 420,000 lines: customers are read twice",
    ),
    "queries/customers-compared": (
        "lines revenue unconverted_lines units",
        "composed 1.3 × as long: lines instead of the daily totals of customers, which lack lines without a customer",
    ),
    "queries/headline": (
        "cancelled_lines cancelled_unconverted_lines cancelled_value "
        "catalogue_coverage catalogue_revenue cost cost_coverage covered_revenue "
        "lines margin_rate pending_lines pending_value returned_lines returned_value revenue unconverted_lines",
        "composed 1.05 to 1.11 × as long: it adds up by status first, and each sum has a filter in the composed one",
    ),
    "queries/top-customers": (
        "last_sale_date lines orders revenue unconverted_lines units",
        "composed 2.6 to 3.0 × as long: it ranks by daily totals, and reads lines of the page only",
    ),
}
"""File → the measures that it computes by hand because composed ones are slower, with the figure."""
_COUNTS = "it counts rows that are not those of the measure"
_VIEW = "a view of everything for other tools, without a scope; tests compare it with the measures or the ledger"
_PEOPLE = "days of a person, in a view without a scope"
_STOCK = "units of stock"
_SHARED = "revenue of products or customers as an input of classes and scores"
OTHER = {
    "alerts/large_sales": ("revenue", "revenue of one sale, without a scope"),
    "forecasts/category_units": ("units", "series of forecasts, without a scope"),
    "forecasts/revenue": ("lines", "series of forecasts, without a scope"),
    "forecasts/span": ("lines", _COUNTS),
    "forecasts/units": ("units", "series of forecasts, without a scope"),
    "ledger/batch_imported_before": ("lines revenue", "lines of one batch, without a scope"),
    "ledger/batch_lacking_lines": ("lines", _COUNTS),
    "marts/dim_customer_people": ("first_sale_date last_sale_date", _PEOPLE),
    "marts/dim_salesperson_people": ("first_sale_date last_sale_date", _PEOPLE),
    "marts/fact_sales": ("cost revenue", "the amounts of a line"),
    "marts/fact_sales_daily": ("cost covered_revenue discount_value revenue", "the amounts that measures add up"),
    "marts/live_sales": ("revenue", "sales that are not in the ledger yet"),
    "marts/reported_days": ("lines", "days of every status"),
    "marts/sales_by_customer": (
        "first_sale_date last_sale_date lines orders revenue unconverted_lines units",
        _VIEW,
    ),
    "marts/sales_by_day": ("cancelled_lines lines orders pending_lines revenue unconverted_lines units", _VIEW),
    "marts/sales_by_product": (
        "cancelled_lines customers first_sale_date last_sale_date lines revenue unconverted_lines units",
        _VIEW,
    ),
    "marts/sales_by_store": (
        "cancelled_lines customers first_sale_date last_sale_date lines orders revenue unconverted_lines units",
        _VIEW,
    ),
    "purchasing/receipts_of_orders": ("units", _STOCK),
    "quality/changed_days": ("lines", _COUNTS),
    "quality/daily-totals-equal-lines": ("lines", "it compares the totals with the lines"),
    "quality/facts-equal-ledger": ("lines", "it compares the marts with the ledger"),
    "queries/abc-classes": ("revenue unconverted_lines", _SHARED),
    "queries/abc-xyz-classes": ("revenue unconverted_lines units", _SHARED),
    "queries/by-currency": ("lines orders revenue unconverted_lines", "by currency, which is no dimension"),
    "queries/change-by-group": ("revenue units", "parts of a change"),
    "queries/changed-since": ("revenue units", "amounts of versions of lines"),
    "queries/cohort-retention": ("customers", "customers by the period of their first purchase"),
    "queries/cost-effect": ("lines units", "lines whose cost is from the catalogue"),
    "queries/delivered-days": ("lines", _COUNTS),
    "queries/filter-values": ("lines", "one number for each value of a filter"),
    "queries/find-sales": ("lines", "lines of a sale"),
    "queries/freshness": ("first_sale_date last_sale_date lines", "days of every status"),
    "queries/freshness-of-everything": ("lines unconverted_lines", "days of every status"),
    "queries/included-uploads": ("lines revenue unconverted_lines", "amounts by upload"),
    "queries/known-values": ("lines", _COUNTS),
    "queries/lines-total": (
        "active_lines lines revenue unconverted_lines units",
        "lines that contain a text",
    ),
    "queries/live-sales": ("revenue unconverted_lines", "revenue of one sale, with its versions"),
    "queries/live-today": ("orders revenue unconverted_lines", "sales until a time of day"),
    "queries/monthly-trends": ("revenue_growth", "each month with the month before it"),
    "queries/out-of-stock": ("revenue", "revenue of the days with stock"),
    "queries/product-search": ("lines", _COUNTS),
    "queries/restock-counts": ("lines units", _STOCK),
    "queries/rfm-segments": ("customers revenue", _SHARED),
    "queries/sales-of-a-customer": ("lines", "lines of a sale"),
    "queries/sales-of-a-product": ("last_sale_date", "versions of lines"),
    "queries/sales-over-time": ("revenue_growth", "each period with the period before it"),
    "queries/sold-products": ("lines", _COUNTS),
    "queries/stock-by-day": ("units", _STOCK),
    "queries/stock-returns": ("units", _STOCK),
    "queries/stock-summary": ("units", _STOCK),
    "queries/stock-value": ("units", _STOCK),
    "queries/stock-values": ("units", _STOCK),
    "queries/unknown-codes": ("first_sale_date last_sale_date lines", "lines with a code that the catalogue lacks"),
    "queries/unplaced-counts": ("first_sale_date last_sale_date lines", "lines without a store"),
    "queries/unsettled-sales": ("unconverted_lines", "sales that are not in the ledger yet"),
    "queries/untimed-sales": ("lines", _COUNTS),
    "queries/uploads-of-a-day": ("lines", _COUNTS),
    "queries/what-changed": ("unconverted_lines", "changes of lines"),
    "relations/classified_products": ("revenue unconverted_lines units", _SHARED),
    "relations/computed_stock_levels": ("units", _STOCK),
    "relations/scored_customers": ("revenue", _SHARED),
    "relations/varying_products": ("units", _SHARED),
    "restock/best_lines": ("units", _STOCK),
    "restock/unit_values": ("cost units", _STOCK),
}
"""File → the names of measures that it computes, and why they are other numbers, or must be computed there."""
COMPUTED = (exp.AggFunc, exp.SafeDivide, exp.Mul)


@pytest.mark.parametrize("path", FILES)
def test_no_file_computes_a_measure_by_hand(path: str) -> None:
    parsed = sqlglot.parse_one(sql.text(path), dialect="bigquery")
    aliases = (alias for alias in parsed.find_all(exp.Alias) if alias.find(*COMPUTED))
    by_hand = {alias.alias for alias in aliases} & set(all_measures())
    listed, _ = (SLOWER | OTHER).get(path, ("", ""))
    assert by_hand == set(listed.split())


def test_each_exception_is_a_file() -> None:
    assert set(SLOWER | OTHER) <= set(FILES)


MODULES = [
    path
    for name in ("tillstream", "portal", "looker", "functions", "till")
    for path in sorted((ROOT.parent / name).rglob("*.py"))
    if path.name != "definitions.py"
]
SYNONYMS = {"covered_revenue": "revenue", "net": "revenue", "net_amount": "revenue", "returned": "returned_value"}
"""Other names of values of measures in Python."""
IN_PYTHON = {
    "tillstream/alerts/conditions/unusual_day.py": "how far a day is outside of its forecast",
    "tillstream/analytics/measures/grain_parts.py": "the composer of measures",
    "tillstream/analytics/row_scope/row_selection.py": "the amounts that measures add up",
    "tillstream/detection/amounts/line_taxes.py": "rates of taxes in a file",
    "tillstream/detection/amounts/order_totals.py": "orders in a file that is not in the ledger",
    "tillstream/explore/suggested_statements.py": "statements that people change",
    "tillstream/forecasting/models/ensemble.py": "errors of forecasts",
    "tillstream/forecasting/price_effects.py": "quantities of prices around their mean",
    "tillstream/query_worker.py": "a statement that loads functions of the engine",
    "tillstream/spark/series_regression.py": "days of a series",
    "tillstream/stock/replenishment.py": "probabilities",
    "tillstream/stock/restock_simulation.py": "stock of two policies",
}
"""Module → why it has a formula like that of a measure."""
IN_TEXTS = re.compile(r"\)\s+AS (revenue|orders|customers|average_order_value|margin|margin_rate|covered_revenue)\b")


@cache
def _formulas() -> list[tuple[type[ast.operator], set[str], set[str]]]:
    trees = [one.arithmetic.tree for one in all_measures().values() if one.grain == "measure"]
    return [(type(one.op), _words(one.left), _words(one.right)) for one in trees if isinstance(one, ast.BinOp)]


def _words(node: ast.expr) -> set[str]:
    """The names of values in an expression: of variables, attributes and items."""
    words = {one.id for one in ast.walk(node) if isinstance(one, ast.Name)}
    words |= {one.attr for one in ast.walk(node) if isinstance(one, ast.Attribute)}
    words |= {one.value for one in ast.walk(node) if isinstance(one, ast.Constant) and isinstance(one.value, str)}
    return {SYNONYMS.get(word, word) for word in words} - {*MEASURE_FUNCTIONS, POSITIVE_FUNCTION}


def _is_growth(node: ast.BinOp) -> bool:
    """(a - b) / b, or a / b - 1."""
    if isinstance(node.op, ast.Sub):
        is_ratio = isinstance(node.left, ast.BinOp) and isinstance(node.left.op, ast.Div)
        return is_ratio and ast.unparse(node.right) == "1"
    if not isinstance(node.left, ast.BinOp) or not isinstance(node.left.op, ast.Sub):
        return False
    return ast.unparse(node.left.right) in ast.unparse(node.right)


def _by_hand(text: str) -> Iterator[str]:
    """The expressions of a module, and its texts of SQL, that have the formula of a measure."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Sub | ast.Div):
            left, right = _words(node.left), _words(node.right)
            formulas = [
                one for one in _formulas() if isinstance(node.op, one[0]) and one[1] <= left and one[2] <= right
            ]
            if formulas or _is_growth(node):
                yield ast.unparse(node)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield from IN_TEXTS.findall(node.value)


def test_no_module_computes_a_measure_by_hand() -> None:
    by_hand = {path.relative_to(ROOT.parent).as_posix(): [*_by_hand(path.read_text())] for path in MODULES}
    formulas = {path: hits for path, hits in by_hand.items() if hits}
    assert formulas.keys() == IN_PYTHON.keys(), formulas


@pytest.mark.parametrize(
    "text",
    [
        "rate = (row['revenue'] - self.cost) / row['covered_revenue']",
        "average = one.net / len(orders)",
        "growth = (now - before) / before",
        "query = 'SELECT SUM(amount) AS revenue FROM sales'",
    ],
)
def test_a_measure_by_hand_is_recognised(text: str) -> None:
    assert [*_by_hand(text)]


def _sql_of(view: str, one: ViewMeasure) -> str:
    """The aggregate of a measure over a view, with the aggregates of the measures that it is computed from."""
    return re.sub(r"\$\{(\w+)\}", lambda name: _sql_of(view, view_measures(view)[name[1]]), one.sql)


def test_looker_studio_computes_a_measure_by_its_formula() -> None:
    """People enter formulas in Looker Studio, so that its reports repeat them."""
    calculated = [one for report in reports().values() for one in report.calculated if one.name in all_measures()]
    assert {one.name for one in calculated} >= {"average_order_value", "margin_rate"}
    for one in calculated:
        measure = view_measures(one.source)[one.name]
        assert _plain(formula_sql(one.formula)) == _plain(_sql_of(one.source, measure).replace("NULL", "0"))


def _plain(text: str) -> str:
    return sqlglot.parse_one(f"SELECT {text}", dialect="bigquery").sql("bigquery")
