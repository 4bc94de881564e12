"""Publishes messages to a topic of Pub/Sub; needs the extra `pubsub`."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from tillstream_till.errors import SetupError, TransportError
from tillstream_till.outbox.messages import Message
from tillstream_till.setup_code import Setup
from tillstream_till.transport.reply import Outcomes, Reply, Result

TIMEOUT = 60.0


class PubSubTransport:
    """The topic of the address `pubsub://PROJECT/TOPIC`. It has no outcomes and no clock."""

    def __init__(self, setup: Setup, publisher: Any = None) -> None:
        parts = urlsplit(setup.url)
        self._setup, self._publisher = setup, publisher or _publisher()
        self._topic = f"projects/{parts.netloc}/topics/{parts.path.strip('/')}"

    def send(self, messages: list[Message], till: str, queried: Sequence[Message] = ()) -> Reply:  # noqa: ARG002
        """A topic is not asked: it loses nothing that it has acknowledged."""
        from google.api_core.exceptions import GoogleAPICallError, RetryError

        ordering_key = f"{self._setup.region}/{self._setup.store_id}"
        futures = [
            self._publisher.publish(
                self._topic, each.payload, ordering_key=ordering_key, **attributes(each, self._setup, till)
            )
            for each in messages
        ]
        try:
            for future in futures:
                future.result(timeout=TIMEOUT)
        except (GoogleAPICallError, RetryError, TimeoutError) as error:
            self._publisher.resume_publish(self._topic, ordering_key)
            raise TransportError(f"{self._topic} cannot be reached: {error}.") from error
        return Reply([Result(accepted=True)] * len(messages))

    def outcomes(self, since: str) -> Outcomes:
        return Outcomes([], since)


def attributes(message: Message, setup: Setup, till: str) -> dict[str, str]:
    """The attributes of a message."""
    store = {"region": setup.region, "store_id": setup.store_id}
    if not message.signature:
        return store
    return store | {
        "key": message.key,
        "till": till,
        "epoch": message.epoch,
        "sequence": str(message.sequence),
        "signature": message.signature,
    }


def _publisher() -> Any:
    try:
        from google.cloud import pubsub_v1
    except ImportError as error:
        raise SetupError("Publishing needs Google's library. Run: pip install 'tillstream-till[pubsub]'") from error
    return pubsub_v1.PublisherClient(publisher_options=pubsub_v1.types.PublisherOptions(enable_message_ordering=True))
