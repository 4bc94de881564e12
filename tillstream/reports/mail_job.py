"""When the job of a project is started that makes reports and files of tables, and sends all messages."""

from tillstream.alert_channels import deliveries
from tillstream.background_exports import registry as exports
from tillstream.file_destinations import deliveries as file_deliveries
from tillstream.mail import outbox
from tillstream.ports import Ports
from tillstream.ports.machine import REPORTS_JOB
from tillstream.records import job_runs, sales_loads
from tillstream.reports import subscriptions
from tillstream.scheduled_exports import registry


def is_due(ports: Ports, *, sends_mail: bool) -> bool:
    """Whether anything is to be made or sent.

    sends_mail: whether e-mail is set up; without it, only channels of alerts get messages, and destinations their
    files. Reports and tables are not due while a run waits for sales that are being loaded to make them. Reads ten
    documents if nothing is due and no notice waits.
    """
    messages = (
        deliveries.has_due,
        file_deliveries.has_due,
        exports.has_due,
        *((outbox.has_due,) if sends_mail else ()),
    )
    if any(one(ports) for one in messages):
        return True
    made = (registry.has_due, *((subscriptions.has_due,) if sends_mail else ()))
    return any(one(ports) for one in made) and not sales_loads.is_waiting(ports, REPORTS_JOB)


def start_if_due(ports: Ports, *, sends_mail: bool) -> bool:
    """Start the job of a project if anything is due and no run is at work. Raises `Unavailable`.

    sends_mail: as in `is_due`.
    """
    return is_due(ports, sends_mail=sends_mail) and job_runs.start_job(ports, REPORTS_JOB)
