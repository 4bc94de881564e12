"""The documentation's generated pages: each is a function without arguments that gives the page's text."""

from collections.abc import Callable

from docs.generate import (
    api,
    commands,
    contract_schema,
    contracts,
    problems,
    settings,
    store_sales,
    translations,
    warehouse,
)

PAGES: dict[str, Callable[[], str]] = {
    "api.md": api.page,
    "cli.md": commands.page,
    "contracts.md": contracts.page,
    "problems.md": problems.page,
    "settings.md": settings.page,
    "store-sales.md": store_sales.page,
    "warehouse.md": warehouse.page,
    "../tillstream/contracts/contract.schema.json": contract_schema.page,
    "../sql/duckdb.json": translations.page,
}
