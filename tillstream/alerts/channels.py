"""The names of the channels that rules can notify."""

from tillstream.alert_channels import registry
from tillstream.ports import Ports


def names(ports: Ports) -> dict[str, str]:
    """ID of a channel → its name."""
    return {one.id: one.name for one in sorted(registry.find(ports), key=lambda one: one.name.casefold())}
