"""What an app sends: files to destinations, e-mail, messages of channels, and the tables of subscriptions."""

import io
from collections.abc import Callable
from contextlib import closing
from email.utils import parseaddr
from functools import partial
from pathlib import Path
from urllib.parse import unquote, urlsplit

from tillstream import logs
from tillstream.adapters.local.files.destination_folders import DeliveryFolder
from tillstream.app.app import App
from tillstream.app.output_places import DELIVERIES_FOLDER, check_output
from tillstream.app.source_access import source_access
from tillstream.connectors.access import SourceAccess, check_reference
from tillstream.delivery import file_deliveries, file_destinations, notice_deliveries, subscriptions
from tillstream.delivery.file_deliveries import BucketPlace, FilePlace
from tillstream.delivery.file_destinations import FileDestination, FileDestinationDraft
from tillstream.delivery.notice_deliveries import ChannelSender
from tillstream.delivery.outbound_addresses import is_private, parse_ip_address
from tillstream.delivery.smtp import SmtpServer
from tillstream.delivery.subscribed_tables import TableSource
from tillstream.model.audit import AuditAction
from tillstream.model.errors import Rejected
from tillstream.optional_packages import need_package
from tillstream.ports.objects import BucketObjects
from tillstream.records import audit_log, mail
from tillstream.records.outbox import NOT_SENT
from tillstream.settings import Settings
from tillstream.stock import published_levels

TEST_FILE, TEST_CONTENT = "tillstream-test.txt", b"Tillstream can deliver files to this place.\n"
SSH_PORT = 22


def add_file_destination(app: App, draft: FileDestinationDraft, by: str) -> FileDestination:
    """Add a destination without connecting to it. Raises `Rejected`."""
    draft.check()
    for one in draft.kind.fields:
        if one.is_reference:
            check_reference(getattr(draft, one.name), one.name.replace("_", " ").capitalize())
    _check_packages(draft)
    if not draft.scheme:
        _check_delivery_folder(app, draft.to)
    return file_destinations.add_destination(app.ports, draft, by)


def test_file_destination(app: App, name: str, by: str) -> str:
    """Write a small file to a destination; return a sentence about it. Raises `NotFound`, `Rejected`, `Unavailable`."""
    audit_log.record(app.ports, by, AuditAction.FILE_DESTINATION_TESTED, name)
    access = source_access(app)
    with file_deliveries.redacted(access.redact), closing(open_file_destination(app, access, name)) as place:
        place.put(TEST_FILE, io.BytesIO(TEST_CONTENT), overwrite=True)
        return f"The file {TEST_FILE} was written to {place.path}."


def open_file_destination(app: App, access: SourceAccess, name: str) -> FilePlace:
    """The place of a destination, which connects at the first call. Raises `NotFound`, `Rejected`."""
    destination = file_destinations.get_destination(app.ports, name)
    destination.check()
    _check_packages(destination)
    return PLACES[destination.scheme](app, access, destination)


def send_waiting_files(app: App) -> int:
    """Deliver the files that wait; return how many. Raises `Unavailable`."""
    access, ports = source_access(app), app.ports
    place_of = partial(open_file_destination, app, access)
    return file_deliveries.send_due_files(
        ports, place_of, lambda sentence: logs.warn(NOT_SENT, [sentence]), access.redact
    )


def _check_packages(draft: FileDestinationDraft) -> None:
    if draft.kind.package:
        need_package(*draft.kind.package)


def _s3_objects(destination: FileDestination, access: SourceAccess) -> BucketObjects:
    from tillstream.adapters.s3.bucket_objects import Account, connect_s3  # lazy: only S3 needs its library
    from tillstream.connectors.pinned_connections import pin

    if destination.endpoint:
        parts = urlsplit(destination.endpoint)
        is_encrypted = parts.scheme == "https"
        address = access.check_host(parts.hostname or "", parts.port or (443 if is_encrypted else 80))
        if not is_encrypted and not is_private(parse_ip_address(address)):
            raise Rejected(f"Files leave a private network only over https. Enter {parts.hostname} with https://.")
    key, secret = (access.credential(one) for one in (destination.access_key, destination.secret_key))
    account = Account(key, secret, destination.region, destination.endpoint, lambda manager: pin(manager, access))
    return connect_s3(account)


def _check_delivery_folder(app: App, path: str) -> None:
    """Raise `Rejected` for a folder in which nothing is delivered."""
    if app.settings.project:
        raise Rejected("A project delivers to buckets and servers, because its folders end with their machine.")
    allowed = (app.settings.home / DELIVERIES_FOLDER, *app.settings.other_delivery_folders)
    folder = Path(path)
    if not folder.is_absolute():
        raise Rejected("Enter the whole path of the folder, such as /data/reports.")
    if not any(folder.resolve().is_relative_to(one.resolve()) for one in allowed):
        raise Rejected(
            f"{path} is in no folder to which files can be delivered. To allow its folder, add it to "
            "TILLSTREAM_DELIVERY_FOLDERS."
        )
    check_output(app.settings, path)


def _folder(app: App, _: SourceAccess, destination: FileDestination) -> FilePlace:
    _check_delivery_folder(app, destination.to)
    return DeliveryFolder(Path(destination.to))


def _bucket(_: App, access: SourceAccess, destination: FileDestination) -> FilePlace:
    parts = urlsplit(destination.to)
    objects = _s3_objects(destination, access) if destination.scheme == "s3" else access.cloud_storage()
    return BucketPlace(objects, f"{parts.scheme}://{parts.netloc}", parts.path)


def _sftp_server(_: App, access: SourceAccess, destination: FileDestination) -> FilePlace:
    from tillstream.connectors.kinds.sftp import SftpPlace  # lazy: only SFTP needs its library

    parts = urlsplit(destination.to)
    server = {"host": parts.hostname or "", "port": str(parts.port or SSH_PORT), "folder": unquote(parts.path)}
    return SftpPlace({one.name: getattr(destination, one.name) for one in destination.kind.fields} | server, access)


PLACES: dict[str, Callable[[App, SourceAccess, FileDestination], FilePlace]] = {
    "": _folder,
    "gs": _bucket,
    "s3": _bucket,
    "sftp": _sftp_server,
}
"""How the destinations of each kind are opened, by the scheme of their address."""


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


def may_messages_be_due(app: App) -> bool:
    """Whether this process has anything to make or send: reports and e-mail if it has a mail server, notices of alerts,
    or files of subscriptions, or content of those to remove."""
    due = (
        notice_deliveries.has_due_notices,
        subscriptions.has_due_subscriptions,
        file_deliveries.has_due_files,
        file_deliveries.has_removable_files,
    )
    return bool(app.settings.smtp_url) or any(one(app.ports) for one in due)


def send_waiting_messages(app: App) -> int:
    """Deliver the notices that are due and the files that wait, and send the e-mail that waits; return the number of
    files and of messages of e-mail."""
    notice_deliveries.send_due_notices(channel_sender(app), _warn_unsent)
    return send_waiting_files(app) + send_waiting_mail(app)


def send_waiting_mail(app: App) -> int:
    """Send the e-mail that waits; return how many. In a project, only the job `reports` has the mail server."""
    url = app.settings.smtp_url.get_secret_value()
    if not url:
        return 0
    send = partial(SmtpServer.parse(url).send, parseaddr(mail_sender(app.settings))[1])
    return mail.send_due_mail(app.ports, send, _warn_unsent)


def _warn_unsent(sentence: str) -> None:
    logs.warn(NOT_SENT, [sentence])


def subscribed_tables_source(app: App) -> TableSource:
    """The source of tables; stock levels have the units that suppliers are expected to deliver."""
    completed = {published_levels.NOW_QUERY: partial(published_levels.stream_units_on_order, app.ports)}
    return TableSource(app.ports, app.contracts, app.settings.reporting_currency, app.queries, completed)
