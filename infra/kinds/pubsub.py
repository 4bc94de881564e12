"""Pub/Sub: schemas, topics, pull subscriptions and push subscriptions."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from infra.resource import Resource, RestObject, StateQuery, gcloud, labelled, last
from tillstream.ports.bus import RetryPolicy

API = "pubsub.googleapis.com"
SCHEMAS = StateQuery(("pubsub", "schemas", "list", "--view=full"), last(), API)
TOPICS = StateQuery(("pubsub", "topics", "list"), last(), API)
SUBSCRIPTIONS = StateQuery(("pubsub", "subscriptions", "list"), last(), API)

MIN_RETENTION = 600.0
MAX_RETENTION = 31 * 86_400.0
"""31 days, the maximum: for dead letters, which a user must handle."""
MAX_DELAY = 600.0
MAX_ACK_DEADLINE = 600.0
"""Seconds, the maximum: a function may run 540."""


def schema(name: str, definition: str) -> Resource:
    """A schema. Revisions are only added, so that older messages stay readable."""
    options = (name, "--type=protocol-buffer", f"--definition={definition}")
    return Resource(
        "schema",
        name,
        SCHEMAS,
        {"type": "PROTOCOL_BUFFER", "definition": definition},
        create=(gcloud("pubsub", "schemas", "create", *options),),
        change=(gcloud("pubsub", "schemas", "commit", *options),),
        remove=(gcloud("pubsub", "schemas", "delete", name),),
        fixed=frozenset({"type"}),
    )


def topic(project: str, name: str, region: str, labels: dict[str, str], schema_name: str = "") -> Resource:
    """A topic that stores messages in the region. With a schema, publishing an invalid message fails."""
    wanted: RestObject = {"labels": labels, "messageStoragePolicy": {"allowedPersistenceRegions": [region]}}
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
class DeliverySettings:
    """How a subscription delivers; times in seconds. Pub/Sub deletes messages older than the retention."""

    policy: RetryPolicy = field(default_factory=RetryPolicy)
    ack_deadline: float = MAX_ACK_DEADLINE
    dead_letters: str = ""
    """A topic; without one a message is redelivered until it expires."""
    retention: float = RetryPolicy.age
    retains: bool = True
    """Whether the retention is compared and changed; otherwise it is only that of a new subscription."""
    ordered: bool = False
    """Whether messages of one ordering key are delivered in publishing order; cannot be changed later."""
    delayed: bool = True
    """Whether a message that was not acknowledged comes again after a growing delay, instead of at once."""

    def wanted(self, project: str) -> RestObject:
        wanted: RestObject = {
            "ackDeadlineSeconds": round(self.ack_deadline),
            **({"messageRetentionDuration": in_seconds(self.retention)} if self.retains else {}),
            "expirationPolicy": {"ttl": None},
            "retryPolicy": None,
        }
        if self.delayed:
            shortest, longest = self._delays
            wanted["retryPolicy"] = {"minimumBackoff": shortest, "maximumBackoff": longest}
        if self.dead_letters:
            topic_name = f"projects/{project}/topics/{self.dead_letters}"
            wanted["deadLetterPolicy"] = {"deadLetterTopic": topic_name, "maxDeliveryAttempts": self.policy.attempts}
        return wanted

    @property
    def _delays(self) -> tuple[str, str]:
        """Before the second try, and before the last."""
        return in_seconds(min(self.policy.minimum, MAX_DELAY)), in_seconds(min(self.policy.maximum, MAX_DELAY))

    @property
    def retention_option(self) -> str:
        return f"--message-retention-duration={in_seconds(self.retention)}"

    def words(self) -> list[str]:
        """The options of a change."""
        words = [f"--ack-deadline={self.ack_deadline:.0f}", "--expiration-period=never"]
        if self.retains:
            words += [self.retention_option]
        if self.delayed:
            shortest, longest = self._delays
            words += [f"--min-retry-delay={shortest}", f"--max-retry-delay={longest}"]
        if self.dead_letters:
            words += [f"--dead-letter-topic={self.dead_letters}", f"--max-delivery-attempts={self.policy.attempts}"]
        return words


def in_seconds(duration: float) -> str:
    """A duration as Pub/Sub writes it."""
    return f"{duration:.0f}s"


def subscription(
    project: str,
    name: str,
    of: str,
    labels: dict[str, str],
    delivery: DeliverySettings,
    *,
    type_: str = "",
    push_to: str = "",
    pushed_as: str = "",
) -> Resource:
    """A pull subscription; with `push_to` a push subscription, authenticated as `pushed_as`. It never expires."""
    wanted: RestObject = {"topic": f"projects/{project}/topics/{of}", "labels": labels, **delivery.wanted(project)}
    create_options, options = [f"--topic={of}", f"--labels={labelled(labels)}"], delivery.words()
    if not delivery.retains:
        create_options.append(delivery.retention_option)
    if delivery.ordered:
        wanted["enableMessageOrdering"] = True
        create_options.append("--enable-message-ordering")
    if type_:
        wanted["filter"] = f'attributes.type = "{type_}"'
        create_options.append(f"--message-filter={wanted['filter']}")
    if push_to:
        token = {"serviceAccountEmail": pushed_as, "audience": push_to}
        wanted["pushConfig"] = {"pushEndpoint": push_to, "oidcToken": token}
        options += _push(push_to, pushed_as)
    change_options = options if delivery.delayed else [*options, "--clear-retry-policy"]
    return Resource(
        "subscription",
        name,
        SUBSCRIPTIONS,
        wanted,
        create=(gcloud("pubsub", "subscriptions", "create", name, *create_options, *options),),
        change=(
            gcloud("pubsub", "subscriptions", "update", name, *change_options, f"--update-labels={labelled(labels)}"),
        ),
        remove=(gcloud("pubsub", "subscriptions", "delete", name),),
        fixed=frozenset({"topic", "filter", "enableMessageOrdering"} & wanted.keys()),
    )


def _push(to: str, as_: str) -> Sequence[str]:
    return (f"--push-endpoint={to}", f"--push-auth-service-account={as_}", f"--push-auth-token-audience={to}")
