"""Pub/Sub: schemas, topics, subscriptions that are pulled and subscriptions that push."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from infra.resource import Ask, Resource, gcloud, labelled, last

API = "pubsub.googleapis.com"
SCHEMAS = Ask(("pubsub", "schemas", "list", "--view=full"), last(), API)
TOPICS = Ask(("pubsub", "topics", "list"), last(), API)
SUBSCRIPTIONS = Ask(("pubsub", "subscriptions", "list"), last(), API)

KEEPS = "604800s"
"""Seven days, the age at which an event is given up (`ports.event_bus.RetryPolicy`)."""
KEEPS_LONGEST = "2678400s"
"""31 days, the most there is: for what waits for a person."""
LEAST_DELAY, MOST_DELAY = "10s", "600s"
WAITS = 600
"""Seconds for an answer, the most there is: a function may run 540."""


def schema(name: str, definition: str) -> Resource:
    """Its revisions are only added: an older message stays readable."""
    given = (name, "--type=protocol-buffer", f"--definition={definition}")
    return Resource(
        "schema",
        name,
        SCHEMAS,
        {"type": "PROTOCOL_BUFFER", "definition": definition},
        create=(gcloud("pubsub", "schemas", "create", *given),),
        change=(gcloud("pubsub", "schemas", "commit", *given),),
        remove=(gcloud("pubsub", "schemas", "delete", name),),
        fixed=frozenset({"type"}),
    )


def topic(project: str, name: str, region: str, labels: dict[str, str], schema_name: str = "") -> Resource:
    """Messages stay in the region. With a schema, what does not fit it is refused when it is published."""
    wanted: dict[str, Any] = {"labels": labels, "messageStoragePolicy": {"allowedPersistenceRegions": [region]}}
    words = [f"--message-storage-policy-allowed-regions={region}"]
    if schema_name:
        wanted["schemaSettings"] = {"schema": f"projects/{project}/schemas/{schema_name}", "encoding": "JSON"}
        words += [f"--schema={schema_name}", "--message-encoding=json"]
    return Resource(
        "topic",
        name,
        TOPICS,
        wanted,
        create=(gcloud("pubsub", "topics", "create", name, *words, f"--labels={labelled(labels)}"),),
        change=(gcloud("pubsub", "topics", "update", name, *words, f"--update-labels={labelled(labels)}"),),
        remove=(gcloud("pubsub", "topics", "delete", name),),
    )


@dataclass(frozen=True)
class Delivery:
    """How long a subscriber may take, how a failure comes again, and where what is given up lies."""

    waits: int = WAITS
    attempts: int = 0
    dead_letters: str = ""
    """A topic; with none a message comes again until it is too old."""
    keeps: str = KEEPS
    ordered: bool = False
    """Whether messages of one ordering key come in the order of their publishing; it cannot be changed later."""

    def wanted(self, project: str) -> dict[str, Any]:
        wanted: dict[str, Any] = {
            "ackDeadlineSeconds": self.waits,
            "messageRetentionDuration": self.keeps,
            "expirationPolicy": {"ttl": None},
            "retryPolicy": {"minimumBackoff": LEAST_DELAY, "maximumBackoff": MOST_DELAY},
        }
        if self.dead_letters:
            topic_name = f"projects/{project}/topics/{self.dead_letters}"
            wanted["deadLetterPolicy"] = {"deadLetterTopic": topic_name, "maxDeliveryAttempts": self.attempts}
        return wanted

    def words(self) -> list[str]:
        words = [
            f"--ack-deadline={self.waits}",
            f"--message-retention-duration={self.keeps}",
            "--expiration-period=never",
            f"--min-retry-delay={LEAST_DELAY}",
            f"--max-retry-delay={MOST_DELAY}",
        ]
        if self.dead_letters:
            words += [f"--dead-letter-topic={self.dead_letters}", f"--max-delivery-attempts={self.attempts}"]
        return words


def subscription(
    project: str,
    name: str,
    of: str,
    labels: dict[str, str],
    delivery: Delivery,
    *,
    type_: str = "",
    push_to: str = "",
    pushed_as: str = "",
) -> Resource:
    """Pulled, or where `push_to` is given pushed there with a token of the account `pushed_as`; it never expires."""
    wanted: dict[str, Any] = {"topic": f"projects/{project}/topics/{of}", "labels": labels, **delivery.wanted(project)}
    made, words = [f"--topic={of}", f"--labels={labelled(labels)}"], delivery.words()
    if delivery.ordered:
        wanted["enableMessageOrdering"] = True
        made.append("--enable-message-ordering")
    if type_:
        wanted["filter"] = f'attributes.type = "{type_}"'
        made.append(f"--message-filter={wanted['filter']}")
    if push_to:
        token = {"serviceAccountEmail": pushed_as, "audience": push_to}
        wanted["pushConfig"] = {"pushEndpoint": push_to, "oidcToken": token}
        words += _push(push_to, pushed_as)
    return Resource(
        "subscription",
        name,
        SUBSCRIPTIONS,
        wanted,
        create=(gcloud("pubsub", "subscriptions", "create", name, *made, *words),),
        change=(gcloud("pubsub", "subscriptions", "update", name, *words, f"--update-labels={labelled(labels)}"),),
        remove=(gcloud("pubsub", "subscriptions", "delete", name),),
        fixed=frozenset({"topic", "filter", "enableMessageOrdering"} & wanted.keys()),
    )


def _push(to: str, as_: str) -> Sequence[str]:
    return (f"--push-endpoint={to}", f"--push-auth-service-account={as_}", f"--push-auth-token-audience={to}")
