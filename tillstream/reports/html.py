"""The report as HTML that mail programs show: tables, inline styles, no scripts and no images."""

from collections.abc import Iterator
from html import escape

from tillstream.reports import cells, drawing, formats
from tillstream.reports.cells import NUMBERS
from tillstream.reports.document import Chart, Document, Section, Table
from tillstream.reports.evidence import Sentence

FONT = "font-family:Inter,system-ui,-apple-system,'Segoe UI',Roboto,Arial,sans-serif"
SOFT = "color:#565d6a"
CELL = "padding:4px 8px;border-bottom:1px solid #e1e5ea"
WIDEST = 240
"""Width of the longest bar of a chart, in pixels."""


def render(document: Document) -> str:
    """The page, complete from its doctype."""
    body = "".join((*_head(document), *(part for one in document.sections for part in _section(one, document))))
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width">'
        f"<title>{escape(document.title)}</title></head>"
        f'<body style="margin:0;background:#ffffff;color:#16191f;{FONT};font-size:14px;line-height:1.5">'
        f'<div style="max-width:720px;margin:0 auto;padding:16px">{body}</div></body></html>\n'
    )


def _head(document: Document) -> Iterator[str]:
    yield f'<h1 style="font-size:24px;margin:0">{escape(document.title)}</h1>'
    about = f"{document.about} Made {document.made}."
    yield f'<p style="{SOFT};margin:4px 0 16px">{escape(about)}</p>'
    if document.tiles:
        yield '<table role="presentation" cellspacing="0" style="width:100%;border-collapse:collapse"><tr>'
        for number, one in enumerate(document.tiles):
            if number and number % 3 == 0:
                yield "</tr><tr>"
            value, note = cells.tile_text(one, document.currency), cells.tile_note(one, document.currency)
            yield (
                f'<td style="border:1px solid #e1e5ea;padding:8px;width:33%;vertical-align:top"><div style="{SOFT}">'
                f'{escape(one.label)}</div><div style="font-size:19px;font-weight:600">{escape(value)}</div>'
                f'<div style="font-size:12px;{SOFT}">{escape(note).replace(chr(10), "<br>")}</div></td>'
            )
        yield "</tr></table>"


def _section(section: Section, document: Document) -> Iterator[str]:
    yield f'<h2 style="font-size:18px;margin:28px 0 8px">{escape(section.title)}</h2>'
    if section.sentences:
        yield '<ul style="margin:0 0 12px;padding-left:20px">'
        yield from (f"<li>{_sentence(one, document)}</li>" for one in section.sentences)
        yield "</ul>"
    for block in section.blocks:
        yield from _chart(block) if isinstance(block, Chart) else _table(block, document)


def _sentence(sentence: Sentence, document: Document) -> str:
    text, href = escape(formats.sentence_text(sentence)), document.link(sentence.page)
    return f'{text} <a href="{escape(href)}" style="color:#1d5bd0">Show</a>' if href else text


def _chart(chart: Chart) -> Iterator[str]:
    """Bars as cells of a table, which every mail program shows."""
    most = max(abs(value) for _, value in chart.bars) or 1
    yield f'<table cellspacing="0" aria-label="{escape(chart.alt)}" style="border-collapse:collapse;margin:0 0 12px">'
    for number, (label, value) in enumerate(chart.bars):
        is_change = chart.kind == "steps" and number not in chart.totals
        colour = (drawing.RISE if value >= 0 else drawing.FALL) if is_change else drawing.MAIN
        width = max(round(abs(value) / most * WIDEST), 1)
        sign = "+" if is_change and value > 0 else ""
        yield (
            f'<tr><td style="padding:2px 8px 2px 0;{SOFT}">{escape(label)}</td><td style="padding:2px 0">'
            f'<div style="background:{colour};width:{width}px;height:12px;display:inline-block"></div> '
            f"{sign}{drawing.short(value)}</td></tr>"
        )
    yield "</table>"


def _table(table: Table, document: Document) -> Iterator[str]:
    yield f'<h3 style="font-size:14px;margin:16px 0 4px">{escape(table.title)}</h3>'
    yield '<div style="overflow-x:auto"><table cellspacing="0" style="border-collapse:collapse;width:100%"><thead><tr>'
    for column in table.columns:
        yield f'<th scope="col" style="{CELL};{_aligned(column.kind)};{SOFT}">{escape(column.label)}</th>'
    yield "</tr></thead><tbody>"
    for row in cells.rows(table, document.currency):
        yield "<tr>"
        for column, shown in zip(table.columns, row, strict=True):
            yield f'<td style="{CELL};{_aligned(column.kind)}">{escape(shown)}</td>'
        yield "</tr>"
    yield "</tbody></table></div>"
    if table.shown_note:
        yield f'<p style="{SOFT};font-size:12px;margin:4px 0 0">{escape(table.shown_note)}</p>'


def _aligned(kind: str) -> str:
    return "text-align:right;white-space:nowrap" if kind in NUMBERS else "text-align:left"
