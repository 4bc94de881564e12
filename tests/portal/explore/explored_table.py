"""The cells of the table of Explore, and the data of its chart."""

import json
import re
from typing import Any

from visitor import page_words


def rows_of(page: str) -> list[list[str]]:
    """Cells of the table by row."""
    body = page.partition('<table class="figures')[2].partition("</table>")[0].partition("<tbody>")[2]
    return [
        [page_words(cell) for cell in re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.DOTALL)]
        for row in re.findall(r"<tr>(.*?)</tr>", body, re.DOTALL)
    ]


def explore_figure(page: str) -> dict[str, Any]:
    """The data of the chart."""
    text = re.search(r'data-chart="explore".*?<script type="application/json">(.*?)</script>', page, re.DOTALL)
    assert text
    figure: dict[str, Any] = json.loads(text[1])
    return figure
