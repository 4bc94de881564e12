"""When the job of a project is started that makes reports and files of tables, and sends all messages."""

from contextlib import suppress

from tillstream.app.app import App
from tillstream.delivery import background_exports as exports
from tillstream.delivery import file_deliveries, notice_deliveries
from tillstream.delivery.subscriptions import has_due_subscriptions
from tillstream.model.errors import Unavailable
from tillstream.ports import Ports
from tillstream.ports.jobs import REPORTS_JOB
from tillstream.records import mail
from tillstream.records.jobs import Job
from tillstream.reports import subscriptions

REPORTS = Job(REPORTS_JOB)


def is_mail_due(ports: Ports, *, sends_mail: bool) -> bool:
    """Whether anything is to be made or sent.

    sends_mail: whether e-mail is set up; without it, only channels of alerts get messages, and destinations their
    files. Reports and tables are not due while a run waits for sales that are being loaded to make them. Reads ten
    documents if nothing is due and no notice waits.
    """
    messages = (
        notice_deliveries.has_due_notices,
        file_deliveries.has_due_files,
        exports.has_due_exports,
        *((mail.has_due_mail,) if sends_mail else ()),
    )
    if any(one(ports) for one in messages):
        return True
    made = (has_due_subscriptions, *((subscriptions.has_due_reports,) if sends_mail else ()))
    return any(one(ports) for one in made) and not REPORTS.is_waiting(ports)


def start_mail_job(ports: Ports, *, sends_mail: bool) -> bool:
    """Start the job of a project if anything is due and no run is at work. Raises `Unavailable`.

    sends_mail: as in `is_mail_due`.
    """
    return is_mail_due(ports, sends_mail=sends_mail) and REPORTS.start(ports)


def request_mail_job(app: App) -> None:
    """As `start_mail_job`; what cannot be started now is started by the next sweep."""
    with suppress(Unavailable):
        start_mail_job(app.ports, sends_mail=app.settings.sends_mail)
