"""The report as PDF."""

import json
import re
from pathlib import Path
from typing import Any
from xml.sax.saxutils import unescape

from tillstream.reports import cells, drawing, formats
from tillstream.reports.cells import NUMBERS
from tillstream.reports.document import Chart, Document, Section, Table
from tillstream.typesetting.glyphs import MISSING, replace_missing
from tillstream.typesetting.typeset import typeset

TEMPLATE = Path(__file__).with_name("report.typ")
REPLACED = f"Characters that the font of this page lacks are shown as {MISSING}; the workbook has them."
_TEXT = re.compile(r">([^<]*)</text>")


def render(document: Document) -> bytes:
    """The PDF. Raises `RuntimeError` if typst has a warning."""
    shown = json.dumps(_shown(document), ensure_ascii=False)
    return typeset(TEMPLATE, _cleaned(shown))


def _cleaned(shown: str) -> str:
    """Replace characters that the font lacks, and add a note if there were any."""
    cleaned = replace_missing(shown)
    if cleaned == shown:
        return shown
    data = json.loads(cleaned)
    data["sections"][-1]["sentences"].append({"text": REPLACED, "href": ""})
    return json.dumps(data, ensure_ascii=False)


def _shown(document: Document) -> dict[str, Any]:
    return {
        "title": document.title,
        "subtitle": document.subtitle,
        "about": document.about,
        "made": document.made,
        "tiles": [
            {
                "label": one.label,
                "value": cells.tile_text(one, document.currency),
                "note": cells.tile_note(one, document.currency),
            }
            for one in document.tiles
        ],
        "sections": [_section(one, document) for one in document.sections],
    }


def _section(section: Section, document: Document) -> dict[str, Any]:
    return {
        "title": section.title,
        "is_page": section.is_page,
        "sentences": [
            {"text": formats.sentence_text(one), "href": document.link(one.page)} for one in section.sentences
        ],
        "blocks": [_chart(one) if isinstance(one, Chart) else _table(one, document) for one in section.blocks],
    }


def _chart(chart: Chart) -> dict[str, str]:
    svg = drawing.svg(chart)
    missing = [text for text in _TEXT.findall(svg) if replace_missing(unescape(text)) != unescape(text)]
    for text in missing:
        svg = svg.replace(f">{text}</text>", f">{replace_missing(text)}</text>")
    return {"kind": "chart", "svg": svg, "alt": chart.alt}


def _table(table: Table, document: Document) -> dict[str, Any]:
    return {
        "kind": "table",
        "title": table.title,
        "wide": _wide(table),
        "columns": [{"label": one.label, "text": one.kind not in NUMBERS} for one in table.columns],
        "rows": cells.rows(table, document.currency),
        "note": table.shown_note,
    }


def _wide(table: Table) -> int:
    """Position of the column that takes what the others leave: that of the longest text."""
    texts = [number for number, column in enumerate(table.columns) if column.kind not in NUMBERS]
    return max(texts, key=lambda number: max((len(str(row[number] or "")) for row in table.rows), default=0))
