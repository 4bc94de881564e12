"""Send the message of a channel, whatever its kind."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from tillstream.alert_channels import recipients, registry, services
from tillstream.alert_channels.channel import EMAIL, WEBHOOK, AlertChannel
from tillstream.alert_channels.notices import Notice, compose
from tillstream.mail import outbox
from tillstream.mail.outbox import Mail
from tillstream.model.errors import Rejected, Unavailable
from tillstream.ports import Ports
from tillstream.webhooks import sending

GONE = 410
EVENT_TYPE = "alert.notices"
NO_MAIL = "E-mail is not set up. Set TILLSTREAM_SMTP_URL and TILLSTREAM_MAIL_FROM."


@dataclass(frozen=True)
class ChannelSender:
    """What messages are sent with. portal: address of the portal for links. mail_from: empty if there is no e-mail.

    private: whether hosts of channels can be in a private network.
    """

    ports: Ports
    portal: str
    mail_from: str
    private: bool

    def send(self, channel: AlertChannel, id: str, notices: Sequence[Notice]) -> list[Mail]:
        """Send notices as one message; id: of the message, the same with every try.

        E-mail is added to its outbox, once, and returned. Raises `Rejected`, `Unavailable`, `NotFound`.
        """
        if channel.kind == EMAIL:
            return self._add_mail(channel, id, notices)
        if channel.kind == WEBHOOK:
            self._post(channel, id, notices)
        else:
            url = registry.secrets_of(self.ports, channel.id).url
            services.send(url, channel.kind, compose(notices, self.portal), private=self.private)
        return []

    def _add_mail(self, channel: AlertChannel, id: str, notices: Sequence[Notice]) -> list[Mail]:
        if not self.mail_from:
            raise Rejected(NO_MAIL)
        added = []
        for address, visible in recipients.within_scope(self.ports, channel.recipients, notices):
            message = compose(visible, self.portal)
            mail = Mail(f"alert {id} {address}", address, message.title, message.text)
            outbox.add(self.ports, mail, self.mail_from)
            added.append(mail)
        return added

    def _post(self, channel: AlertChannel, id: str, notices: Sequence[Notice]) -> None:
        """Post an event, signed as Standard Webhooks defines it."""
        secrets = registry.secrets_of(self.ports, channel.id)
        event = {"id": id, "type": EVENT_TYPE, "notices": [one.to_json(self.portal) for one in notices]}
        now = int(self.ports.clock.now().timestamp())
        answer = sending.send(secrets.url, [secrets.key], id, json.dumps(event).encode(), now, private=self.private)
        if answer.status == GONE:
            raise Rejected(answer.error)
        if answer.error:
            raise Unavailable(answer.error)
