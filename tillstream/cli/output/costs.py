"""Output of `deploy cost`."""

from typing import Any

from tillstream.cli.output.tables import print_line, show_rows

MB = 1_000_000
COLUMNS = ("work", "who", "account", "jobs", "errors", "median s", "p95 s", "MB billed", "USD")


def show_costs(rows: list[dict[str, Any]]) -> None:
    """Print the jobs by work and account, and their sum."""
    if not rows:
        print_line("BigQuery ran no job in this time.")
        return
    cells = [dict(zip(COLUMNS, _cells(row), strict=True)) for row in rows]
    show_rows({"name": "jobs of BigQuery", "columns": list(COLUMNS), "rows": cells, "cut": False})
    billed, usd = (sum(row[name] for row in rows) for name in ("bytes_billed", "usd"))
    print_line(f"{billed / MB:,.0f} MB billed, {usd:.2f} USD at the list price of on-demand queries.")


def _cells(row: dict[str, Any]) -> list[Any]:
    seconds = (f"{row[name]:.2f}" for name in ("seconds_median", "seconds_p95"))
    billed = f"{row['bytes_billed'] / MB:,.0f}"
    return [*(row[name] for name in COLUMNS[:5]), *seconds, billed, f"{row['usd']:.4f}"]
