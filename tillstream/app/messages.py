"""Messages of an app: what waits in the outbox of e-mail and for the channels of alerts is sent with its settings."""

from email.utils import parseaddr
from functools import partial

from tillstream import logs
from tillstream.app import file_destinations
from tillstream.app.app import App
from tillstream.delivery import file_deliveries, notice_deliveries, subscriptions
from tillstream.delivery.notice_deliveries import ChannelSender
from tillstream.delivery.smtp import SmtpServer
from tillstream.records import mail
from tillstream.records.outbox import NOT_SENT
from tillstream.settings import Settings


def mail_sender(settings: Settings) -> str:
    """The address that e-mail comes from; empty if e-mail is not set up. Raises `Rejected`."""
    if settings.mail_from or not settings.smtp_url:
        return settings.mail_from if settings.sends_mail else ""
    return f"tillstream@{SmtpServer.parse(settings.smtp_url.get_secret_value()).host}"


def channel_sender(app: App) -> ChannelSender:
    """What the messages of channels are sent with. Raises `Rejected`."""
    settings = app.settings
    portal = settings.public_url if settings.project else settings.address
    return ChannelSender(app.ports, portal, mail_sender(settings), private=settings.webhook_private)


def may_be_due(app: App) -> bool:
    """Whether this process has anything to make or send: reports and e-mail if it has a mail server, notices of alerts,
    or files of subscriptions, or content of those to remove."""
    due = (
        notice_deliveries.has_due_notices,
        subscriptions.has_due_subscriptions,
        file_deliveries.has_due_files,
        file_deliveries.has_removable_files,
    )
    return bool(app.settings.smtp_url) or any(one(app.ports) for one in due)


def send_waiting(app: App) -> int:
    """Deliver the notices that are due and the files that wait, and send the e-mail that waits; return the number of
    files and of messages of e-mail."""
    notice_deliveries.send_due_notices(channel_sender(app), _warn)
    return file_destinations.send_waiting(app) + send_mail(app)


def send_mail(app: App) -> int:
    """Send the e-mail that waits; return how many. In a project, only the job `reports` has the mail server."""
    url = app.settings.smtp_url.get_secret_value()
    if not url:
        return 0
    send = partial(SmtpServer.parse(url).send, parseaddr(mail_sender(app.settings))[1])
    return mail.send_due_mail(app.ports, send, _warn)


def _warn(sentence: str) -> None:
    logs.warn(NOT_SENT, [sentence])
