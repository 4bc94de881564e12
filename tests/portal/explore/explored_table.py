"""The cells of the table of Explore, and the words of a page."""

import re


def words_of(page: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


def rows_of(page: str) -> list[list[str]]:
    """Cells of the table by row."""
    body = page.partition('<table class="figures')[2].partition("</table>")[0].partition("<tbody>")[2]
    return [
        [words_of(cell) for cell in re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.DOTALL)]
        for row in re.findall(r"<tr>(.*?)</tr>", body, re.DOTALL)
    ]
