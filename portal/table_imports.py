"""The kit for pages that import a file of a table: the upload, its preview until it is applied, and templates."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from flask import Response, request

from portal.context import me, ports
from portal.file_responses import attachment
from portal.translation import N_, _
from tillstream.delivery.export_formats import export_format
from tillstream.model.catalogue_columns import EntryColumn
from tillstream.model.errors import NotFound, Rejected
from tillstream.pipeline import tabular

SHOWN = 100
"""Problems and changes that a page lists."""
NO_FILE = N_("Choose a file.")
GONE = N_("The file is no longer there. Upload it again.")

Plan = TypeVar("Plan")


@dataclass(frozen=True)
class Preview(Generic[Plan]):
    """A file and what its import would change. plan: None if there is none, which `error` explains."""

    name: str = ""
    id: str = ""
    plan: Plan | None = None
    error: str = ""

    def delete(self) -> None:
        tabular.delete_preview(ports(), me().login, self.id)


def uploaded_file() -> tuple[str, bytes]:
    """The name and content of the file in the form; empty without one."""
    file = request.files.get("file")
    return (file.filename, file.read()) if file and file.filename else ("", b"")


def preview_upload(plan: Callable[[bytes], Plan], no_file: str = NO_FILE) -> Preview[Plan]:
    """Plan the import of the file in the form, and keep the file."""
    name, content = uploaded_file()
    if not name:
        return Preview(error=_(no_file))
    try:
        planned = plan(content)
    except Rejected as error:
        return Preview(error=str(error))
    return Preview(name, tabular.write_preview(ports(), me().login, content), planned)


def kept_preview(plan: Callable[[bytes], Plan], error: str = "") -> Preview[Plan]:
    """Plan the import of the file that the form names again. Raises as `plan`."""
    name, preview_id = request.form.get("name", "")[:200], request.form.get("preview", "")
    try:
        content = tabular.read_preview(ports(), me().login, preview_id)
    except (NotFound, Rejected):
        return Preview(error=_(GONE))
    return Preview(name, preview_id, plan(content), error)


def table_file(columns: Sequence[EntryColumn], rows: Iterable[Iterable[str]], name: str, form: str = "csv") -> Response:
    """A file with the columns of an import, as CSV or XLSX."""
    headers = [one.name for one in columns]
    content = tabular.csv_file(headers, rows) if form == "csv" else tabular.xlsx_file(headers, rows, name)
    return table_response(content, name, form)


def table_response(content: bytes, name: str, form: str = "csv") -> Response:
    return attachment(content, f"{name}.{form}", export_format(form).media_type)
