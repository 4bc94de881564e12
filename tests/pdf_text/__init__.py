"""The text of a PDF, for tests."""

import pypdfium2


def pages_of(content: bytes) -> list[str]:
    """The text of each page, with simple ends of lines and without places where words may break."""
    with pypdfium2.PdfDocument(content) as book:
        return [page.get_textpage().get_text_bounded().replace("\r\n", "\n").replace("\u200b", "") for page in book]
