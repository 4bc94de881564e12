"""Live: sales as they are counted, and server-sent events that notify open pages of new settlements."""

from flask import Blueprint, Flask

from portal.live import page
from portal.live.held_streams import HOLD
from portal.live.streams import EXTENSION, STREAMS, OpenStreams, streams_of

__all__ = ["HOLD", "STREAMS", "blueprint", "register", "streams_of"]

blueprint = Blueprint("live", __name__, template_folder="templates")

blueprint.add_url_rule("/live", "show", page.show_live)
blueprint.add_url_rule("/live/events", "sales", page.sale_events)
blueprint.add_url_rule("/events", "events", page.settlement_events)


def register(app: Flask) -> None:
    app.extensions[EXTENSION] = OpenStreams()
