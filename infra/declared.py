"""All resources of a stage's project, in order of creation."""

from collections.abc import Iterator
from dataclasses import dataclass
from importlib import resources

from infra import accounts, goals
from infra.accounts import AGENTS, EVENTS, REPOSITORY, SCHEDULER, On
from infra.function import Function
from infra.functions import FUNCTIONS, RETIRED_SUBSCRIPTIONS
from infra.jobs import JOBS
from infra.kinds import (
    bigquery,
    firestore,
    functions,
    iam,
    jobs,
    pubsub,
    run,
    scheduler,
    secrets,
    services,
    storage,
    watching,
)
from infra.kinds.agents import agent
from infra.kinds.iam import Policy, Role, policy_query
from infra.kinds.pubsub import Delivery
from infra.kinds.tables import reports, sale_index, tables, writers
from infra.permissions import OWN_ROLES
from infra.resource import Resource
from infra.source import Source
from infra.stage import Stage
from infra.triggers import Finalized, Pushed, Scheduled
from tillstream.domain.events import DEAD_LETTERS, TOPIC_BATCHES, TOPIC_OBJECTS, TOPIC_SALE_EVENTS, TOPIC_STORE_SALES
from tillstream.ports.event_bus import RetryPolicy
from tillstream.ports.functions import CALLED

APIS = (
    *("cloudresourcemanager", "serviceusage", "iam", "iamcredentials", "storage", "pubsub", "bigquery"),
    *("bigquerystorage", "firestore", "cloudfunctions", "run", "cloudbuild", "artifactregistry", "eventarc"),
    *("cloudscheduler", "secretmanager", "logging", "monitoring"),
)
LABELS = {"app": "tillstream"}
PULLED = Delivery(ack_deadline=60, attempts=RetryPolicy.attempts, dead_letters=DEAD_LETTERS, ordered=True)
"""Pulled messages are stored at once, so a short deadline suffices when a puller dies. Messages of one store arrive in
publishing order."""
PUSHED = Delivery(attempts=RetryPolicy.attempts, dead_letters=DEAD_LETTERS)
STORE_SALE = "store-sale"
"""Schema of the messages of tills."""
SECRETS = {
    "TILLSTREAM_SESSION_SECRET": "tillstream-session-secret",
    "TILLSTREAM_FIRST_PASSWORD": "tillstream-first-password",
}
"""The portal's variables → their secrets. The first value is generated; the second one is read once, by a user."""
OIDC_SECRET = {"TILLSTREAM_OIDC_CLIENT_SECRET": "tillstream-oidc-client-secret"}
"""Only with sign-in through an OIDC provider: the provider's secret is entered by hand. Jobs have their own secrets."""


@dataclass(frozen=True)
class Declared:
    """The resources of one stage; later ones may depend on earlier ones."""

    stage: Stage
    source: Source

    def resources(self) -> list[Resource]:
        return list(self._all())

    def _all(self) -> Iterator[Resource]:
        yield services.services([f"{api}.googleapis.com" for api in APIS])
        yield from (agent(each.api, each.member(self.stage)) for each in AGENTS)
        base = list(self._base())
        yield from base
        on = {_on(self.stage, resource): resource for resource in base}
        yield from self._policies(on)
        yield from self._services(on)

    # ---- base resources -----------------------------------------------------------------------------------------

    def _base(self) -> Iterator[Resource]:
        stage = self.stage
        yield from (iam.account(stage.account(name), description) for name, description in accounts.accounts().items())
        yield from (iam.own_role(name, permissions) for name, permissions in OWN_ROLES.items())
        yield from self._buckets()
        yield pubsub.schema(STORE_SALE, resources.files("infra").joinpath("store_sale.proto").read_text("utf-8"))
        for name in self._topics():
            schema_name = STORE_SALE if name == TOPIC_STORE_SALES else ""
            yield pubsub.topic(stage.project, name, stage.region, LABELS, schema_name)
        yield self._subscription("receive", TOPIC_STORE_SALES, PULLED)
        yield self._subscription(DEAD_LETTERS, DEAD_LETTERS, Delivery(ack_deadline=60, retention=pubsub.MAX_RETENTION))
        for spec in FUNCTIONS:
            for trigger in spec.triggers:
                if isinstance(trigger, Pushed):
                    yield self._pushed(spec, trigger)
        yield from map(pubsub.retired_subscription, RETIRED_SUBSCRIPTIONS)
        documents = firestore.database("(default)", stage.region)
        yield documents
        yield from self._datasets(documents)
        yield run.repository(stage, REPOSITORY, LABELS)
        names = [*self.secrets.values(), *(name for job in JOBS for name in job.secrets(stage).values())]
        yield from (secrets.secret(name, stage.region, LABELS) for name in names)

    @property
    def secrets(self) -> dict[str, str]:
        return SECRETS | (OIDC_SECRET if self.stage.settings.get("TILLSTREAM_SIGN_IN") == "oidc" else {})

    def _topics(self) -> tuple[str, ...]:
        return (TOPIC_OBJECTS, TOPIC_BATCHES, TOPIC_STORE_SALES, TOPIC_SALE_EVENTS, DEAD_LETTERS)

    def _buckets(self) -> Iterator[Resource]:
        stage = self.stage
        old = {"action": {"type": "Delete"}, "condition": {"daysSinceNoncurrentTime": int(stage["INBOX_KEEPS_DAYS"])}}
        half = {"action": {"type": "AbortIncompleteMultipartUpload"}, "condition": {"age": 7}}
        staged = {"action": {"type": "Delete"}, "condition": {"age": int(stage["STAGING_KEEPS_DAYS"])}}
        inbox, staging, source = (stage.bucket(name) for name in ("inbox", "staging", "source"))
        origin = stage["PORTAL_ADDRESS"]
        yield storage.bucket(inbox, stage.region, LABELS, versioning=True, origin=origin, lifecycle=(old, half))
        yield storage.bucket(staging, stage.region, LABELS, origin=origin, lifecycle=(staged,))
        yield storage.bucket(source, stage.region, LABELS)

    def _datasets(self, documents: Resource) -> Iterator[Resource]:
        stage = self.stage
        on, description = (stage.region, LABELS), "The ledger of Tillstream and the views over it"
        ledger = bigquery.dataset(stage.project, stage["DATASET"], *on, description, holds_data=True)
        yield ledger
        loading = bigquery.dataset(stage.project, accounts.loading(stage), *on, "Temporary tables", holds_data=False)
        yield loading
        yield tables(stage, ledger)
        yield writers(stage, ledger, accounts.table_writers())
        yield sale_index(stage, ledger, documents)
        description = "Views for reports: each reader sees only their own rows"
        views = bigquery.dataset(stage.project, stage["REPORTS_DATASET"], *on, description, holds_data=False)
        yield views
        yield reports(stage, views, [*(spec.account for spec in (*FUNCTIONS, *JOBS)), accounts.PORTAL])

    def _subscription(self, name: str, topic: str, delivery: Delivery) -> Resource:
        return pubsub.subscription(self.stage.project, name, topic, LABELS, delivery)

    def _pushed(self, spec: Function, trigger: Pushed) -> Resource:
        return pubsub.subscription(
            self.stage.project,
            trigger.subscription,
            trigger.topic,
            LABELS,
            PUSHED,
            type_=trigger.type,
            push_to=functions.address(self.stage, spec.name),
            pushed_as=self.stage.account(EVENTS),
        )

    # ---- policies -----------------------------------------------------------------------------------------------

    def _policies(self, on: dict[On, Resource]) -> Iterator[Policy]:
        """All policies except those of tables, and of functions, jobs and portal, which follow their resources."""
        for target, roles in sorted(self._roles().items()):
            if target.kind not in {"function", "job", "portal", "table"}:
                yield self._policy(target, roles, on.get(target))

    def _roles(self) -> dict[On, set[Role]]:
        return accounts.roles(self.stage, tuple(self.secrets.values()))

    def _policy(self, target: On, roles: set[Role], resource: Resource | None) -> Policy:
        stage = self.stage
        managed = {f"serviceAccount:{stage.account(name)}" for name in accounts.accounts()}
        if target.kind in {"dataset", "loading"} and resource:
            return bigquery.access(stage.project, resource, roles, managed)
        group, on, api = {
            "project": (("projects",), (stage.project,), "cloudresourcemanager.googleapis.com"),
            "bucket": (("storage", "buckets"), (f"gs://{resource.name if resource else ''}",), storage.API),
            "topic": (("pubsub", "topics"), (target.name,), pubsub.API),
            "subscription": (("pubsub", "subscriptions"), (target.name,), pubsub.API),
            "account": (("iam", "service-accounts"), (stage.account(target.name),), iam.API),
            "secret": (("secrets",), (target.name,), secrets.API),
            "repository": (
                ("artifacts", "repositories"),
                (target.name, f"--location={stage.region}"),
                run.REGISTRY,
            ),
            "function": (("run", "services"), (target.name, f"--region={stage.region}"), run.API),
            "job": (("run", "jobs"), (target.name, f"--region={stage.region}"), run.API),
            "portal": (("run", "services"), ("portal", f"--region={stage.region}"), run.API),
        }[target.kind]
        title = f"of {target.kind} {target.name}".rstrip()
        return iam.policy(title, policy_query(group, on, api), roles, managed, group, on, within=resource)

    # ---- functions, portal, monitoring --------------------------------------------------------------------------

    def _services(self, on: dict[On, Resource]) -> Iterator[Resource]:
        stage, source = self.stage, self.source
        roles = self._roles()
        yield from firestore.indexes(on[On("documents", "(default)")])
        yield from (
            secrets.value(on[On("secret", name)]) for name in self.secrets.values() if name not in OIDC_SECRET.values()
        )
        package = f"functions-{source.functions}.zip"
        if source.functions:
            yield storage.placed(on[On("bucket", "source")], package, source.zip)
        address = f"gs://{stage.bucket('source')}/{package}"
        for spec in FUNCTIONS:
            function = functions.function(stage, spec, address, LABELS, source.functions)
            yield function
            yield self._policy(On("function", spec.name), roles[On("function", spec.name)], function)
            yield from self._triggers(spec)
        image = run.image(stage, on[On("repository", REPOSITORY)], source) if source.image else None
        if image:
            yield image
        for each in JOBS:
            job = jobs.job(stage, each, image.name if image else "", LABELS)
            yield job
            yield self._policy(On("job", each.name), roles[On("job", each.name)], job)
        called = {name: functions.address(stage, name) for name in CALLED}
        portal = run.portal(stage, image.name if image else "", self.secrets, LABELS, called)
        yield portal
        yield self._policy(On("portal"), roles[On("portal")], portal)
        yield from self._monitoring()

    def _triggers(self, spec: Function) -> Iterator[Resource]:
        stage = self.stage
        for trigger in spec.triggers:
            if isinstance(trigger, Finalized):
                bucket = stage.bucket(trigger.bucket)
                eventarc = functions.finalized(stage, spec.name, bucket, stage.account(EVENTS), LABELS)
                yield eventarc
                yield functions.carrier(stage, eventarc, PUSHED)
            if isinstance(trigger, Scheduled):
                to, caller = functions.address(stage, spec.name), stage.account(SCHEDULER)
                yield scheduler.job(stage, spec.name, trigger.cron, to, caller, spec.timeout)

    def _monitoring(self) -> Iterator[Resource]:
        host = self.stage["PORTAL_ADDRESS"].removeprefix("https://")
        yield from (watching.metric(name, config) for name, config in goals.METRICS.items())
        email = self.stage["ALERT_EMAIL"]
        channel = watching.channel(email) if email else None
        if channel:
            yield channel
        yield watching.uptime(host, "/healthz/ready")
        yield from (watching.alert(wanted, channel.name if channel else "") for wanted in goals.alerts(host))


def _on(stage: Stage, resource: Resource) -> On:
    """The target of roles that a resource is; buckets have their logical name."""
    if resource.kind == "dataset" and resource.name == stage["DATASET"]:
        return On("dataset")
    if resource.kind == "dataset" and resource.name == accounts.loading(stage):
        return On("loading")
    if resource.kind == "bucket":
        logical = {stage.bucket(name): name for name in ("inbox", "staging", "source")}
        return On("bucket", logical[resource.name])
    return On(resource.kind, resource.name)
