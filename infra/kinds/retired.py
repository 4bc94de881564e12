"""What earlier versions created, and a deploy removes."""

from infra.kinds import pubsub
from infra.resource import Retired, StateQuery, gcloud, last
from infra.stage import Stage

PUSH_SUBSCRIPTIONS = ("project",)
TRIGGERS = ("stage-finalized",)
"""Eventarc triggers."""
FUNCTIONS = (
    *("sales", "receive", "stage", "settle", "announce"),
    *("project", "sweep", "compact", "index", "forward"),
)
"""Functions that were deployed as such, and not as services of Cloud Run."""


def subscription(name: str) -> Retired:
    remove = gcloud("pubsub", "subscriptions", "delete", name)
    return Retired("subscription", name, pubsub.SUBSCRIPTIONS, {}, (), remove=(remove,))


def trigger(stage: Stage, name: str) -> Retired:
    """An Eventarc trigger, with the topic and the subscription that Eventarc created for it."""
    where = f"--location={stage.region}"
    query = StateQuery(("eventarc", "triggers", "list", where), last(), "eventarc.googleapis.com")
    return Retired("trigger", name, query, {}, (), remove=(gcloud("eventarc", "triggers", "delete", name, where),))


def cloud_function(stage: Stage, name: str) -> Retired:
    """A function of Google's. Detached from it, the service that it runs is a service of its own, and serves on."""
    query = StateQuery(("functions", "list", "--v2"), last(), "cloudfunctions.googleapis.com")
    detach = gcloud("functions", "detach", name, f"--region={stage.region}")
    return Retired("Cloud Function", name, query, {}, (), remove=(detach,))
