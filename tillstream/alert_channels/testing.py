"""Test a channel: a message is sent at once, and its outcome is shown."""

from collections.abc import Callable

from tillstream.alert_channels import registry
from tillstream.alert_channels.notices import notice_of_test
from tillstream.alert_channels.sender import ChannelSender
from tillstream.mail import outbox
from tillstream.model.errors import Rejected, Unavailable
from tillstream.records.outbox import SENT

ACCEPTED = "The receiver accepted the test."
QUEUED = "The test is sent within a few minutes, see the messages of e-mail."


def send_test(sender: ChannelSender, id: str, by: str, send_mail: Callable[[], object]) -> str:
    """Send a test; return its outcome.

    send_mail: sends what waits in the outbox of e-mail, if this process can. Raises `Rejected` with the reason if the
    receiver did not accept the test, or if the channel was tested a moment ago; `NotFound`.
    """
    channel = registry.note_test(sender.ports, id, by)
    notice = notice_of_test(channel.id, sender.ports.clock.now())
    try:
        mails = sender.send(channel, notice.id, [notice])
        if mails:
            send_mail()
    except Unavailable as error:
        raise Rejected(str(error)) from error
    entries = [entry for mail in mails if (entry := outbox.get(sender.ports, mail.id))]
    errors = [entry.error for entry in entries if entry.error]
    if errors:
        raise Rejected(errors[0])
    return ACCEPTED if all(entry.state == SENT for entry in entries) else QUEUED
