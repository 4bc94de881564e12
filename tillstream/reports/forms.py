"""The forms of a report: HTML that mail programs show, PDF and workbook; its charts as SVG."""

import json
import re
from collections.abc import Iterator, Sequence
from html import escape as escaped
from pathlib import Path
from xml.sax.saxutils import escape, unescape

from tillstream.delivery.typeset import MISSING_GLYPH, replace_missing, typeset
from tillstream.model.document_json import JsonObject
from tillstream.reports import executive, formats, workbook
from tillstream.reports.document import ReportChart, ReportDocument, ReportSection, ReportTable, Sentence
from tillstream.reports.facts import ReportSource
from tillstream.reports.formats import NUMBER_KINDS

WIDTH, HEIGHT, ROW = 680.0, 190.0, 22.0
SVG_FONT = "Inter"
MAIN, RISE, FALL, SVG_LINE, INK, SVG_SOFT = "#4477aa", "#136b3a", "#b3261e", "#e1e5ea", "#16191f", "#565d6a"
LABELS = 150.0
"""Width of the labels of horizontal bars."""
LONGEST = 26
CUT = 12
"""The axis of steps begins above zero if the lowest level is more than so many times the span of the steps."""
CUT_NOTE = "The columns begin above zero, so that the steps can be seen."

HTML_FONT = "font-family:Inter,system-ui,-apple-system,'Segoe UI',Roboto,Arial,sans-serif"
HTML_SOFT = "color:#565d6a"
HTML_CELL = "padding:4px 8px;border-bottom:1px solid #e1e5ea"
MAX_HTML_WIDTH = 240
"""Width of the longest bar of a chart, in pixels."""

PDF_TEMPLATE = Path(__file__).with_name("report.typ")
REPLACED_NOTE = f"Characters that the font of this page lacks are shown as {MISSING_GLYPH}; the workbook has them."
_TEXT = re.compile(r">([^<]*)</text>")

PDF, HTML, XLSX = "pdf", "html", "xlsx"
REPORT_FORMS = {
    PDF: "application/pdf",
    HTML: "text/html; charset=utf-8",
    XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
"""Form → media type."""


def chart_svg(chart: ReportChart) -> str:
    """The drawing of a chart."""
    draw = {"columns": _columns, "steps": _steps, "bars": _bars}[chart.kind]
    height, shapes = draw(chart)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH:.0f} {height:.0f}" width="{WIDTH:.0f}" '
        f'height="{height:.0f}" font-family="{SVG_FONT}" font-size="9">{"".join(shapes)}</svg>'
    )


def short_number(value: float) -> str:
    """1234567 → 1.23 M."""
    for unit, size in (("bn", 1e9), ("M", 1e6), ("k", 1e3)):
        if abs(value) >= size:
            return f"{value / size:.3g} {unit}".replace("-", "−")
    return f"{value:.0f}".replace("-", "−")


def _columns(chart: ReportChart) -> tuple[float, list[str]]:
    top, bottom = 18.0, HEIGHT - 18
    most, least = max(0.0, *(value for _, value in chart.bars)), min(0.0, *(value for _, value in chart.bars))
    scale = (bottom - top) / ((most - least) or 1)
    step, zero = WIDTH / len(chart.bars), top + most * scale
    shapes = [_line(0, zero, WIDTH, zero)]
    for number, (label, value) in enumerate(chart.bars):
        x = number * step + step * 0.15
        y, height = min(zero, zero - value * scale), abs(value) * scale
        colour = MAIN if number == len(chart.bars) - 1 else "#a8bfd6"
        shapes += [
            _rect(x, y, step * 0.7, height, colour),
            _svg_text(x + step * 0.35, y - 4, short_number(value), "middle"),
        ]
        shapes.append(_svg_text(x + step * 0.35, HEIGHT - 4, label, "middle", SVG_SOFT))
    return HEIGHT, shapes


def _steps(chart: ReportChart) -> tuple[float, list[str]]:
    """Totals begin at the axis, which need not be zero; the others where the one before ended."""
    top, bottom, level = 18.0, HEIGHT - 30, 0.0
    spans: list[tuple[float, float]] = []
    for number, (_, value) in enumerate(chart.bars):
        start = 0.0 if number in chart.totals else level
        level = value if number in chart.totals else level + value
        spans.append((start, level))
    ends = [each for number, span in enumerate(spans) for each in (span[1:] if number in chart.totals else span)]
    low, high = min(ends), max(ends)
    base = 0.0 if low <= 0 or low < CUT * (high - low) else low - (high - low) * 0.3
    scale = (bottom - top) / ((high - min(base, low)) or 1)
    step = WIDTH / len(chart.bars)
    shapes = [_line(0, bottom, WIDTH, bottom)]
    for number, ((label, value), (start, end)) in enumerate(zip(chart.bars, spans, strict=True)):
        is_total = number in chart.totals
        first, last = sorted((base if is_total else start, end))
        y, x = bottom - (last - min(base, low)) * scale, number * step + step * 0.15
        colour = MAIN if is_total else RISE if value >= 0 else FALL
        shapes.append(_rect(x, y, step * 0.7, max((last - first) * scale, 1.0), colour))
        sign = "+" if value > 0 and not is_total else ""
        shapes.append(_svg_text(x + step * 0.35, y - 4, f"{sign}{short_number(value)}", "middle"))
        words = _lines(label, 14)
        shapes += [
            _svg_text(x + step * 0.35, bottom + 11 + 10 * n, word, "middle", SVG_SOFT) for n, word in enumerate(words)
        ]
    if base:
        shapes.append(_svg_text(0, 8, CUT_NOTE, "start", SVG_SOFT))
    return HEIGHT, shapes


def _bars(chart: ReportChart) -> tuple[float, list[str]]:
    most, shapes = max(value for _, value in chart.bars) or 1.0, []
    for number, (label, value) in enumerate(chart.bars):
        y = number * ROW
        width = (WIDTH - LABELS - 60) * value / most
        name = label if len(label) <= LONGEST else f"{label[: LONGEST - 1]}…"
        shapes.append(_svg_text(LABELS - 8, y + 14, name, "end"))
        shapes += [
            _rect(LABELS, y + 4, width, ROW - 8, MAIN),
            _svg_text(LABELS + width + 6, y + 14, short_number(value)),
        ]
    return len(chart.bars) * ROW, shapes


def _lines(text: str, width: int) -> Sequence[str]:
    """Break a label into lines between words."""
    lines = [""]
    for word in text.split():
        if lines[-1] and len(lines[-1]) + len(word) >= width:
            lines.append(word)
        else:
            lines[-1] = f"{lines[-1]} {word}".strip()
    return lines[:2]


def _rect(x: float, y: float, width: float, height: float, colour: str) -> str:
    return f'<rect x="{x:.1f}" y="{y:.1f}" width="{max(width, 0):.1f}" height="{max(height, 0):.1f}" fill="{colour}"/>'


def _line(x1: float, y1: float, x2: float, y2: float) -> str:
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{SVG_LINE}"/>'


def _svg_text(x: float, y: float, text: str, anchor: str = "start", colour: str = INK) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{colour}">{escape(text)}</text>'


def render_html(document: ReportDocument) -> str:
    """The page, complete from its doctype."""
    body = "".join(
        (*_html_head(document), *(part for one in document.sections for part in _html_section(one, document)))
    )
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width">'
        f"<title>{escaped(document.title)}</title></head>"
        f'<body style="margin:0;background:#ffffff;color:#16191f;{HTML_FONT};font-size:14px;line-height:1.5">'
        f'<div style="max-width:720px;margin:0 auto;padding:16px">{body}</div></body></html>\n'
    )


def _html_head(document: ReportDocument) -> Iterator[str]:
    yield f'<h1 style="font-size:24px;margin:0">{escaped(document.title)}</h1>'
    about = f"{document.about} Made {document.made}."
    yield f'<p style="{HTML_SOFT};margin:4px 0 16px">{escaped(about)}</p>'
    if document.tiles:
        yield '<table role="presentation" cellspacing="0" style="width:100%;border-collapse:collapse"><tr>'
        for number, one in enumerate(document.tiles):
            if number and number % 3 == 0:
                yield "</tr><tr>"
            value, note = formats.tile_text(one, document.currency), formats.tile_note(one, document.currency)
            yield (
                f'<td style="border:1px solid #e1e5ea;padding:8px;width:33%;vertical-align:top">'
                f'<div style="{HTML_SOFT}">'
                f'{escaped(one.label)}</div><div style="font-size:19px;font-weight:600">{escaped(value)}</div>'
                f'<div style="font-size:12px;{HTML_SOFT}">{escaped(note).replace(chr(10), "<br>")}</div></td>'
            )
        yield "</tr></table>"


def _html_section(section: ReportSection, document: ReportDocument) -> Iterator[str]:
    yield f'<h2 style="font-size:18px;margin:28px 0 8px">{escaped(section.title)}</h2>'
    if section.sentences:
        yield '<ul style="margin:0 0 12px;padding-left:20px">'
        yield from (f"<li>{_html_sentence(one, document)}</li>" for one in section.sentences)
        yield "</ul>"
    for block in section.blocks:
        yield from _html_chart(block) if isinstance(block, ReportChart) else _html_table(block, document)


def _html_sentence(sentence: Sentence, document: ReportDocument) -> str:
    text, href = escaped(formats.sentence_text(sentence)), document.link(sentence.page)
    return f'{text} <a href="{escaped(href)}" style="color:#1d5bd0">Show</a>' if href else text


def _html_chart(chart: ReportChart) -> Iterator[str]:
    """Bars as cells of a table, which every mail program shows."""
    most = max(abs(value) for _, value in chart.bars) or 1
    yield f'<table cellspacing="0" aria-label="{escaped(chart.alt)}" style="border-collapse:collapse;margin:0 0 12px">'
    for number, (label, value) in enumerate(chart.bars):
        is_change = chart.kind == "steps" and number not in chart.totals
        colour = (RISE if value >= 0 else FALL) if is_change else MAIN
        width = max(round(abs(value) / most * MAX_HTML_WIDTH), 1)
        sign = "+" if is_change and value > 0 else ""
        yield (
            f'<tr><td style="padding:2px 8px 2px 0;{HTML_SOFT}">{escaped(label)}</td><td style="padding:2px 0">'
            f'<div style="background:{colour};width:{width}px;height:12px;display:inline-block"></div> '
            f"{sign}{short_number(value)}</td></tr>"
        )
    yield "</table>"


def _html_table(table: ReportTable, document: ReportDocument) -> Iterator[str]:
    yield f'<h3 style="font-size:14px;margin:16px 0 4px">{escaped(table.title)}</h3>'
    yield '<div style="overflow-x:auto"><table cellspacing="0" style="border-collapse:collapse;width:100%"><thead><tr>'
    for column in table.columns:
        yield f'<th scope="col" style="{HTML_CELL};{_aligned(column.kind)};{HTML_SOFT}">{escaped(column.label)}</th>'
    yield "</tr></thead><tbody>"
    for row in formats.table_texts(table, document.currency):
        yield "<tr>"
        for column, shown in zip(table.columns, row, strict=True):
            yield f'<td style="{HTML_CELL};{_aligned(column.kind)}">{escaped(shown)}</td>'
        yield "</tr>"
    yield "</tbody></table></div>"
    if table.shown_note:
        yield f'<p style="{HTML_SOFT};font-size:12px;margin:4px 0 0">{escaped(table.shown_note)}</p>'


def _aligned(kind: str) -> str:
    return "text-align:right;white-space:nowrap" if kind in NUMBER_KINDS else "text-align:left"


def render_pdf(document: ReportDocument) -> bytes:
    """The PDF. Raises `RuntimeError` if typst has a warning."""
    shown = json.dumps(_shown(document), ensure_ascii=False)
    return typeset(PDF_TEMPLATE, _cleaned(shown))


def _cleaned(shown: str) -> str:
    """Replace characters that the font lacks, and add a note if there were any."""
    cleaned = replace_missing(shown)
    if cleaned == shown:
        return shown
    data = json.loads(cleaned)
    data["sections"][-1]["sentences"].append({"text": REPLACED_NOTE, "href": ""})
    return json.dumps(data, ensure_ascii=False)


def _shown(document: ReportDocument) -> JsonObject:
    return {
        "title": document.title,
        "subtitle": document.subtitle,
        "about": document.about,
        "made": document.made,
        "tiles": [
            {
                "label": one.label,
                "value": formats.tile_text(one, document.currency),
                "note": formats.tile_note(one, document.currency),
            }
            for one in document.tiles
        ],
        "sections": [_pdf_section(one, document) for one in document.sections],
    }


def _pdf_section(section: ReportSection, document: ReportDocument) -> JsonObject:
    return {
        "title": section.title,
        "is_page": section.is_page,
        "sentences": [
            {"text": formats.sentence_text(one), "href": document.link(one.page)} for one in section.sentences
        ],
        "blocks": [
            _pdf_chart(one) if isinstance(one, ReportChart) else _pdf_table(one, document) for one in section.blocks
        ],
    }


def _pdf_chart(chart: ReportChart) -> dict[str, str]:
    svg = chart_svg(chart)
    missing = [text for text in _TEXT.findall(svg) if replace_missing(unescape(text)) != unescape(text)]
    for text in missing:
        svg = svg.replace(f">{text}</text>", f">{replace_missing(text)}</text>")
    return {"kind": "chart", "svg": svg, "alt": chart.alt}


def _pdf_table(table: ReportTable, document: ReportDocument) -> JsonObject:
    return {
        "kind": "table",
        "title": table.title,
        "wide": _wide(table),
        "columns": [{"label": one.label, "text": one.kind not in NUMBER_KINDS} for one in table.columns],
        "rows": formats.table_texts(table, document.currency),
        "note": table.shown_note,
    }


def _wide(table: ReportTable) -> int:
    """Position of the column that takes what the others leave: that of the longest text."""
    texts = [number for number, column in enumerate(table.columns) if column.kind not in NUMBER_KINDS]
    return max(texts, key=lambda number: max((len(str(row[number] or "")) for row in table.rows), default=0))


def render_report(source: ReportSource, form: str) -> bytes:
    """The executive report in a form of `REPORT_FORMS`. Raises what queries raise."""
    document = executive.executive_report(source)
    if form == PDF:
        return render_pdf(document)
    return render_html(document).encode() if form == HTML else workbook.render_workbook(document)
