"""The forms of a report."""

from tillstream.reports import executive, html, pdf, workbook
from tillstream.reports.facts import ReportSource

PDF, HTML, XLSX = "pdf", "html", "xlsx"
FORMS = {
    PDF: "application/pdf",
    HTML: "text/html; charset=utf-8",
    XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
"""Form → media type."""


def report(source: ReportSource, form: str) -> bytes:
    """The executive report in a form of `FORMS`. Raises what queries raise."""
    document = executive.document(source)
    if form == PDF:
        return pdf.render(document)
    return html.render(document).encode() if form == HTML else workbook.render(document)
