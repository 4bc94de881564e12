"""When the job of a project is started that makes reports and files of tables, and sends all messages."""

from tillstream.alert_channels import deliveries
from tillstream.background_exports import registry as exports
from tillstream.job_runs import reservation
from tillstream.mail import outbox
from tillstream.ports import Ports
from tillstream.ports.jobs import REPORTS
from tillstream.reports import subscriptions
from tillstream.scheduled_exports import registry


def start_if_due(ports: Ports, *, sends_mail: bool) -> bool:
    """Start the job of a project if anything is to be made or sent and no run is at work. Raises `Unavailable`.

    sends_mail: whether e-mail is set up; without it, only channels of alerts get messages. Reads eight documents if
    nothing is due and no notice waits.
    """
    has_mail = (subscriptions.has_due, registry.has_due, outbox.has_due)
    is_due = deliveries.has_due(ports) or exports.has_due(ports) or (sends_mail and any(one(ports) for one in has_mail))
    return is_due and reservation.start(ports, REPORTS)
