"""JSON APIs in general: records with or without lines, in pages."""

from base64 import b64encode
from collections.abc import Callable, Mapping
from typing import Any

from tillstream.connectors.http.json_api import (
    FILE_ROWS,
    REQUESTS_PER_SECOND,
    ApiRecord,
    JsonApi,
    RecordPages,
    bearer_header,
    file_rows,
    requests_per_second,
)
from tillstream.connectors.http.paging import CountedPages, CursorInBody, LinkHeader, Paging, SinglePage, UrlInBody
from tillstream.connectors.http.record_feed import (
    RecordFeed,
    RecordFeedSource,
    exploded_records,
    parse_columns,
    value_at,
)
from tillstream.connectors.source import ConnectionAccess, ConnectorKind, ConnectorSource, SourceSetting, whole_number
from tillstream.model.errors import Rejected

PAGING = ("none", "link-header", "next-url", "cursor", "page", "offset")
AUTHENTICATION = ("none", "bearer", "header", "basic")
SETTINGS = (
    SourceSetting(
        "url",
        "URL",
        "For example https://shop.example.com/api/orders?status=paid",
        is_required=True,
        resets_cursor=True,
    ),
    SourceSetting(
        "records",
        "Records",
        "Path of the list of records in the response; empty if it is the response",
        "",
        resets_cursor=True,
    ),
    SourceSetting("lines", "Lines", "Path of the list of lines in a record, for a row for each line"),
    SourceSetting(
        "columns",
        "Columns",
        "For example sale=id, sku=line_items.sku, currency; empty for all fields",
        is_long=True,
    ),
    SourceSetting(
        "cursor_field",
        "Cursor field",
        "Field with the time of the last change, or a number that grows",
        resets_cursor=True,
    ),
    SourceSetting(
        "since_parameter", "Parameter of the start", "Parameter that limits records to those changed since then"
    ),
    SourceSetting(
        "look_back", "Look back", "Seconds, or for numbers a difference, in which records may appear late", "300"
    ),
    SourceSetting(
        "is_sorted", "Sorted", "Whether records are in the order of the cursor field", "no", choices=("yes", "no")
    ),
    SourceSetting("paging", "Paging", default="none", choices=PAGING),
    SourceSetting("next_path", "Path of the next page", "For paging by next URL or cursor", "next"),
    SourceSetting(
        "page_parameter", "Parameter of the page", "Name of the parameter for a cursor, page or offset", "page"
    ),
    SourceSetting("first_page", "First page", "Number of the first page", "1"),
    SourceSetting("size_parameter", "Parameter of the page size"),
    SourceSetting("page_size", "Page size", "Records in a page", "100"),
    SourceSetting("authentication", "Authentication", default="none", choices=AUTHENTICATION),
    SourceSetting("credential", "Credential", "The token, or the password", is_credential=True),
    SourceSetting("header", "Header of the credential", "For authentication by header", "X-API-Key"),
    SourceSetting("user", "User", "For basic authentication"),
    FILE_ROWS,
    REQUESTS_PER_SECOND,
)


def _secret_headers(settings: Mapping[str, str], access: ConnectionAccess) -> dict[str, str]:
    secret = access.credential(settings["credential"])
    match settings["authentication"]:
        case "bearer":
            return bearer_header(secret)
        case "header":
            return {settings["header"]: secret}
        case "basic":
            return {"Authorization": "Basic " + b64encode(f"{settings['user']}:{secret}".encode()).decode()}
    return {}


class _PagingSettings:
    """The style of paging of the settings, and the parameters of the first page."""

    def __init__(self, settings: Mapping[str, str]) -> None:
        self._style = settings["paging"]
        self._next, self._parameter = settings["next_path"], settings["page_parameter"]
        self._first = whole_number(settings, "first_page", at_most=1)
        self._size = whole_number(settings, "page_size", at_least=1, at_most=10_000)
        self._size_parameter = settings["size_parameter"]
        if self._style not in PAGING:
            raise Rejected(f"paging is one of: {', '.join(PAGING)}.")

    def parameters(self) -> dict[str, str]:
        name = self._size_parameter or ("limit" if self._style == "offset" else "")
        return {name: str(self._size)} if name else {}

    def first(self) -> Paging:
        """Paging from the first page on."""
        match self._style:
            case "link-header":
                return LinkHeader()
            case "next-url":
                return UrlInBody(self._next)
            case "cursor":
                return CursorInBody(self._next, self._parameter)
            case "page":
                return CountedPages(self._parameter, self._first, 1)
            case "offset":
                return CountedPages(self._parameter, 0, self._size)
        return SinglePage()


def open_source(settings: Mapping[str, str], access: ConnectionAccess) -> ConnectorSource:
    paging = _PagingSettings(settings)
    api = JsonApi(
        settings["url"],
        access,
        per_second=requests_per_second(settings),
        authorise=lambda: _secret_headers(settings, access),
    )
    records = f"$.{settings['records']}" if settings["records"] else "$"

    def pages(since: str | None) -> RecordPages:
        parameters = paging.parameters()
        if since is not None and settings["since_parameter"]:
            parameters[settings["since_parameter"]] = since
        return api.pages(paging.first(), records, params=parameters)

    field = settings["cursor_field"]
    changed_at: Callable[[ApiRecord], Any] | None = (lambda record: value_at(record, field)) if field else None
    feed = RecordFeed(
        name=api.host,
        pages=pages,
        changed_at=changed_at,
        rows=lambda record: exploded_records(record, settings["lines"]),
        columns=parse_columns(settings["columns"]),
        look_back=whole_number(settings, "look_back", at_most=10**12),
        file_rows=file_rows(settings),
        is_sorted=settings["is_sorted"] == "yes",
    )
    return RecordFeedSource(feed)


KIND = ConnectorKind(
    name="http_json",
    title="HTTP API (JSON)",
    about="Pulls the records of a JSON API that are new or changed.",
    settings=SETTINGS,
    open=open_source,
)
