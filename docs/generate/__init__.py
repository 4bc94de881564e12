"""The documentation's generated pages: each is a function without arguments that gives the page's text."""

from collections.abc import Callable
from functools import partial

from docs.generate import (
    api,
    api_examples,
    commands,
    contract_schema,
    contracts,
    measures,
    pictures,
    problems,
    sale_events,
    scale,
    settings,
    store_sales,
    translations,
    warehouse,
)
from docs.generate.looker import costs, sources, template
from sql.row_access import REPORTS

PAGES: dict[str, Callable[[], str]] = {
    "../portal/api/examples.json": api_examples.page,
    "api.md": api.page,
    "cli.md": commands.page,
    "contracts.md": contracts.page,
    "looker-costs.md": costs.page,
    "measures.md": measures.page,
    "pictures.md": pictures.page,
    "problems.md": problems.page,
    "sale-events.md": sale_events.page,
    "scale.md": scale.page,
    "settings.md": settings.page,
    "store-sales.md": store_sales.page,
    "warehouse.md": warehouse.page,
    "../tillstream/contracts/contract.schema.json": contract_schema.page,
    "../sql/duckdb.json": translations.page,
    "../looker/TEMPLATE.md": template.page,
    **{f"../looker/sources/{view}.yaml": partial(sources.page, view) for view in REPORTS},
}
