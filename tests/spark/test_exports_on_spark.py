"""Spark reads the totals of an export by its own statements, with Delta logs beside the files too."""

from contextlib import closing
from pathlib import Path

from tests.e2e.marts.exported_shop import export, line, open_shop, read, sell
from tests.spark.spark_sql import rows_of_spark

FACTS = (
    "SELECT {month}, COUNT(*), CAST(SUM(revenue) AS DECIMAL(38, 9)), COUNT(DISTINCT order_id)"
    " FROM tillstream.fact_sales AS f JOIN tillstream.dim_store USING (store_key)"
    " JOIN tillstream.dim_product USING (product_key) JOIN tillstream.dim_date USING (sale_date)"
    " WHERE f.sale_date >= DATE '2026-06-01' GROUP BY 1 ORDER BY 1"
)
TYPES = (
    "SELECT typeof(revenue), typeof(quantity), typeof(sale_date), typeof(is_return) FROM tillstream.fact_sales LIMIT 1"
)


def test_spark_reads_the_totals_of_an_export(tmp_path: Path, spark_python: Path) -> None:
    with closing(open_shop(tmp_path)) as app:
        sell(app, tmp_path, line(1, "03-05-2026"), line(2, "10-06-2026", 250), line(3, "01-07-2026", 7))
        export(app, tmp_path, format="delta")
        sell(app, tmp_path, line(4, "11-06-2026", 33))
        export(app, tmp_path)
    statements = tmp_path / "marts" / "statements" / "spark.sql"
    facts, types = rows_of_spark(spark_python, statements, FACTS.format(month="f.month"), TYPES)
    expected = read(tmp_path, FACTS.format(month="strftime(f.sale_date, '%Y-%m')"))
    assert facts == [[str(value) for value in row] for row in expected]
    assert [row[0] for row in facts] == ["2026-06", "2026-07"]
    assert types == [["decimal(38,18)", "decimal(38,9)", "date", "boolean"]]
