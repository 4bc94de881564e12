"""How many files of the product name one thing of a sort that is often added: at most five have to be touched.

That one of each sort can be added to them and removed is tested in `tests/portal/additions`, and for a command in
`tests/unit/commands/test_a_command_is_one_file.py`.
"""

import re
from functools import cache

import house_figures as house
import pytest

AT_MOST = 5
NAMED = {
    "alert rule": ("files-held", "goal-behind", "pass-rate", "price-off-list", "region-late", "store-silent"),
    "chart": ("latest-uploads", "over-time"),
    "connector kind": ("http_json", "imap", "kafka", "shopify", "web_files"),
    "destination": ("asyncssh", "psycopg"),
    "export format": ("jsonl_chunks", "pdf_chunks", "workbook_chunks"),
    "measure": ("basket_size", "penetration", "return_rate"),
    "permission": ("Action.ANNOTATE", "Action.RUN_SQL"),
}
"""Sort → names that only it has."""
SUFFIXES = {".py", ".sql", ".toml", ".html", ".js", ".css"}
FOLDERS = ("tillstream", "portal", "functions", "infra", "sql", "looker", "devtools", "till", "docs/generate")


@cache
def product_files() -> dict[str, str]:
    """Path → its name and text."""
    files = [file for folder in FOLDERS for file in (house.ROOT / folder).rglob("*") if file.suffix in SUFFIXES]
    files = [file for file in files if "vendor" not in file.parts]
    return {str(file.relative_to(house.ROOT)): f"{file.stem}\n{file.read_text(encoding='utf-8')}" for file in files}


@pytest.mark.parametrize(("sort", "name"), [(sort, name) for sort, names in NAMED.items() for name in names])
def test_few_files_name_it(sort: str, name: str) -> None:
    words = re.compile(rf"(?<![\w-]){re.escape(name).replace('_', '[_-]')}(?![\w-])")
    naming = [path for path, text in product_files().items() if words.search(text)]
    assert 1 <= len(naming) <= AT_MOST, f"{sort} {name}: {', '.join(naming)}"
