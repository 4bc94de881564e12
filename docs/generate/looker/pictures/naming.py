"""Names of the files of pictures."""

from looker.definitions import Page, Report


def file_name(report: Report, page: Page) -> str:
    return f"{report.name}-{page.title.lower().replace(' ', '-')}.svg"
