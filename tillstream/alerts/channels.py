"""The names of the channels that rules can notify."""

from tillstream.ports import Ports

COLLECTION = "alert_channels"


def names(ports: Ports) -> dict[str, str]:
    """ID of a channel → its name."""
    channels = ports.documents.find(COLLECTION)
    return dict(sorted(((one.id, str(one.data["name"])) for one in channels), key=lambda each: each[1].casefold()))
