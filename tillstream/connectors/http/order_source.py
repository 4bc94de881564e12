"""The source of the orders of a shop system whose API sorts them by their last change."""

from collections.abc import Callable, Mapping, Sequence

from tillstream.connectors.http.api import Pages, Record
from tillstream.connectors.http.api_settings import MAX_LOOK_BACK, file_rows
from tillstream.connectors.http.feed import Feed, FeedSource
from tillstream.connectors.http.fields import Row
from tillstream.connectors.http.order_rows import COLUMNS
from tillstream.connectors.setting_values import whole_number


def order_source(
    name: str,
    pages: Callable[[str | None], Pages],
    rows: Callable[[Record], Sequence[Row]],
    settings: Mapping[str, str],
) -> FeedSource:
    """name, pages, rows: as of a `Feed`. Raises `Rejected` for wrong settings."""
    feed = Feed(
        name=name,
        pages=pages,
        changed_at=lambda order: order.get("updated_at"),
        rows=rows,
        columns=COLUMNS,
        look_back=whole_number(settings, "look_back", at_most=MAX_LOOK_BACK),
        file_rows=file_rows(settings),
        is_sorted=True,
    )
    return FeedSource(feed)
