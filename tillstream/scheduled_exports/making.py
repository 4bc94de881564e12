"""Files of subscriptions that are due: made within the scope of their readers, and put into an outbox."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from tillstream.mail import outbox
from tillstream.model.audit import AuditAction
from tillstream.model.errors import NotFound, Rejected, Unavailable
from tillstream.people.accounts import current_reader
from tillstream.records import audit_log
from tillstream.scheduled_exports import file, message, registry, tables
from tillstream.scheduled_exports.subscription import NEVER, Subscription, text_of
from tillstream.scheduled_exports.tables import Source

AGAIN = timedelta(hours=1)
"""Time after which a file that could not be made is tried again."""
NO_MAIL = "E-mail is not set up."


@dataclass(frozen=True)
class Sender:
    """What files are made and sent with. sender: the address that e-mail comes from; empty: e-mail is not set up, and
    only other files are made. portal: address of the portal for links; may be empty. largest: bytes of an attached
    file."""

    source: Source
    sender: str
    portal: str = ""
    largest: int = message.LARGEST


def make_due(sender: Sender) -> Iterator[bool]:
    """Put the files that are due into the outbox, one after another; yield whether there was one to add.

    A file is made once for the instant at which it is due: after a stop the next run makes those that are missing. A
    subscription whose reader may no longer see its table is paused with the reason. A file that cannot be made for
    another reason is tried again after `AGAIN`. Raises `Unavailable` at once, and other errors as a group at the end.
    """
    failures: list[Exception] = []
    ports = sender.source.ports
    for stored, version in registry.due(ports):
        now = ports.clock.now()
        one = replace(stored, next_due=max(stored.next_due, text_of(stored.schedule.last(now))))
        if not (one.destination or sender.sender):
            registry.note(ports, replace(one, try_at=text_of(now + AGAIN), error=NO_MAIL), version)
            continue
        try:
            is_new = _make(sender, one, version)
        except Unavailable:
            raise
        except (Rejected, NotFound) as error:
            registry.pause_for(ports, one, version, str(error))
            continue
        except Exception as error:  # noqa: BLE001 - raised below, after the other files
            error.add_note(f"The file of the subscription {one.id}.")
            failures.append(error)
            failed = replace(one, try_at=text_of(now + AGAIN), error=f"The file could not be made: {error!r}")
            registry.note(ports, failed, version)
            continue
        yield is_new
    if failures:
        raise ExceptionGroup("Files of subscriptions cannot be made", failures)


def _make(sender: Sender, one: Subscription, version: int) -> bool:
    """Make a file and note it; return whether a message was added. Raises `Rejected`, `NotFound` to pause it."""
    ports = sender.source.ports
    user, due = current_reader(ports, one.login, one.account), datetime.fromisoformat(one.next_due)
    day = due.astimezone(ZoneInfo(one.zone)).date()
    tables.check_groups(ports, one, user)
    read = tables.read(sender.source, one, user, day)
    added = file.add(ports, one, read, day) if one.destination else _add_mail(sender, one, read)
    now = ports.clock.now()
    following = text_of(one.schedule.next(now))
    try_at = NEVER if one.paused else following
    made = replace(one, next_due=following, try_at=try_at, error="", last_at=text_of(now), last_rows=added.rows)
    registry.note(ports, replace(made, last_mail=added.id, last_destination=one.destination), version)
    return added.is_new


def _add_mail(sender: Sender, one: Subscription, read: tables.SubscribedTable) -> file.Added:
    """Add a message with the file to the outbox of e-mail."""
    ports = sender.source.ports
    mail, rows = message.compose(one, read, sender.portal, largest=sender.largest)
    if rows == 0 and one.skip_empty:
        return file.Added("", rows, is_new=False)
    is_new = outbox.add(ports, mail, sender.sender)
    if is_new:
        sent = {"to": one.to, "rows": rows, "file": [each.name for each in mail.attachments]}
        audit_log.record(ports, one.login, AuditAction.EXPORT_MAILED, one.name, None, sent)
    return file.Added(mail.id, rows, is_new=is_new)
