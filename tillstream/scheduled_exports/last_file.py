"""The last file of a subscription in its outbox: of e-mail, or of files."""

from tillstream.file_destinations import deliveries
from tillstream.mail import outbox
from tillstream.model.errors import Rejected
from tillstream.ports import Ports
from tillstream.scheduled_exports import registry
from tillstream.scheduled_exports.subscription import Subscription


def of(ports: Ports, one: Subscription) -> outbox.Entry | deliveries.Delivery | None:
    """Its entry; None if there is none."""
    if not one.last_mail:
        return None
    return deliveries.get(ports, one.last_mail) if one.last_destination else outbox.get(ports, one.last_mail)


def try_again(ports: Ports, id: str, by: str) -> Subscription:
    """Send the last file of a subscription again, if that failed. Raises `NotFound`, `Rejected`."""
    one = registry.get(ports, id)
    if not one.last_mail:
        raise Rejected("There is no file to send again.")
    (deliveries if one.last_destination else outbox).try_again(ports, one.last_mail, by=by)
    return one
