"""All resources of a stage's project, in order of creation."""

from collections.abc import Iterator
from dataclasses import dataclass
from importlib import resources

from infra import goals
from infra.access import accounts
from infra.access.accounts import AGENTS, EVENTS, REPOSITORY, SCHEDULER, On
from infra.access.grants import SQL_ACCOUNTS
from infra.access.permissions import OWN_ROLES
from infra.access.policies import policy_on, target_of
from infra.deliveries import FORWARDED, LISTED, PULLED, PUSHED
from infra.function import Function, Pushed, Scheduled
from infra.functions import FUNCTIONS
from infra.jobs import JOBS
from infra.kinds import (
    bigquery,
    billing,
    firestore,
    iam,
    pubsub,
    retired,
    run,
    scheduler,
    secrets,
    services,
    storage,
    watching,
)
from infra.kinds.bigquery import reports, sale_index, tables, writers
from infra.kinds.iam import Policy, Role
from infra.kinds.pubsub import DeliverySettings
from infra.kinds.services import agent
from infra.monitoring import alerts, dashboard, jobs_view
from infra.resource import Resource
from infra.source import Source
from infra.stage import Stage
from tillstream.model.events import (
    DEAD_LETTERS,
    INBOX,
    STAGING,
    TOPIC_BATCHES,
    TOPIC_OBJECTS,
    TOPIC_SALE_EVENTS,
    TOPIC_STORE_SALES,
    WEBHOOK_PLACES,
)
from tillstream.ports.jobs import CALLED_FUNCTIONS

APIS = (
    *("cloudresourcemanager", "serviceusage", "iam", "iamcredentials", "storage", "pubsub", "bigquery"),
    *("bigquerystorage", "firestore", "run", "cloudbuild", "artifactregistry"),
    *("cloudscheduler", "secretmanager", "logging", "monitoring", "billingbudgets"),
)
LABELS = {"app": "tillstream"}
SOURCE_KEEPS_DAYS = 30
"""Days after which the archives that were sent to builds are deleted."""
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
        apis = (*APIS, *(["dataproc"] if self.has_spark else []))
        yield services.services([f"{api}.googleapis.com" for api in apis])
        yield from (agent(each.api, each.member(self.stage)) for each in AGENTS)
        # an alert needs minutes until it can name a new metric
        yield from (watching.metric(name, config) for name, config in goals.METRICS.items())
        base = list(self._base())
        yield from base
        on = {target_of(self.stage, resource): resource for resource in base}
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
        yield self._subscription(DEAD_LETTERS, DEAD_LETTERS, LISTED)
        for name in sorted(WEBHOOK_PLACES):
            yield self._subscription(name, TOPIC_SALE_EVENTS, FORWARDED)
        for spec in FUNCTIONS:
            for trigger in spec.triggers:
                if isinstance(trigger, Pushed):
                    yield self._pushed(spec, trigger)
        yield from map(retired.subscription, retired.PUSH_SUBSCRIPTIONS)
        documents = firestore.database("(default)", stage.region)
        yield documents
        yield from self._datasets(documents)
        yield run.repository(stage, REPOSITORY, LABELS)
        names = [*self.secrets.values(), *(name for job in JOBS for name in job.secrets(stage).values())]
        yield from (secrets.secret(name, stage.region, LABELS) for name in names)

    @property
    def has_spark(self) -> bool:
        """Whether backfills of the stage may run on Dataproc."""
        return bool(self.stage.values.get("SPARK"))

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
        sent = {"action": {"type": "Delete"}, "condition": {"age": SOURCE_KEEPS_DAYS}}
        inbox, staging, source = (stage.bucket(name) for name in ("inbox", "staging", "source"))
        yield storage.bucket(inbox, stage.region, LABELS, versioning=True, uploads=True, lifecycle=(old, half))
        yield storage.bucket(staging, stage.region, LABELS, uploads=True, lifecycle=(staged,))
        yield storage.bucket(source, stage.region, LABELS, lifecycle=(sent,))

    def _datasets(self, documents: Resource) -> Iterator[Resource]:
        stage = self.stage
        on, description = (stage.region, LABELS), "The ledger of Tillstream and the views over it"
        ledger = bigquery.dataset(stage.project, stage["DATASET"], *on, description, holds_data=True)
        yield ledger
        loading = bigquery.dataset(stage.project, accounts.loading(stage), *on, "Temporary tables", holds_data=False)
        yield loading
        of_ledger = tables(stage, ledger)
        yield of_ledger
        yield writers(stage, ledger, of_ledger, accounts.table_writers())
        yield sale_index(stage, ledger, documents)
        yield jobs_view.view(stage, ledger)
        description = "Views for reports: each reader sees only their own rows"
        views = bigquery.dataset(stage.project, stage["REPORTS_DATASET"], *on, description, holds_data=False)
        yield views
        unrestricted = [*(spec.account for spec in (*FUNCTIONS, *JOBS)), accounts.PORTAL]
        yield reports(stage, views, of_ledger, unrestricted, SQL_ACCOUNTS)

    def _subscription(self, name: str, topic: str, delivery: DeliverySettings) -> Resource:
        return pubsub.subscription(self.stage.project, name, topic, LABELS, delivery)

    def _pushed(self, spec: Function, trigger: Pushed) -> Resource:
        return pubsub.subscription(
            self.stage.project,
            trigger.subscription,
            trigger.topic,
            LABELS,
            PUSHED,
            type_=trigger.type,
            push_to=run.address(self.stage, spec.name),
            pushed_as=self.stage.account(EVENTS),
        )

    # ---- policies -----------------------------------------------------------------------------------------------

    def _policies(self, on: dict[On, Resource]) -> Iterator[Policy]:
        """All policies except those of tables, and of functions, jobs and portal, which follow their resources."""
        for target, roles in sorted(self._roles().items()):
            if target.kind not in {"function", "job", "portal", "table"}:
                yield policy_on(self.stage, target, roles, on.get(target))

    def _roles(self) -> dict[On, set[Role]]:
        return accounts.roles(self.stage, tuple(self.secrets.values()))

    # ---- functions, portal, monitoring --------------------------------------------------------------------------

    def _services(self, on: dict[On, Resource]) -> Iterator[Resource]:
        stage, source = self.stage, self.source
        roles = self._roles()
        yield from firestore.indexes(on[On("documents", "(default)")])
        yield from (
            secrets.value(on[On("secret", name)]) for name in self.secrets.values() if name not in OIDC_SECRET.values()
        )
        image = run.image(stage, on[On("repository", REPOSITORY)], source) if source.digest else None
        if image:
            yield image
            if self.has_spark:
                yield run.spark_image(stage, on[On("repository", REPOSITORY)], image, source)
        address = image.name if image else ""
        yield from (retired.cloud_function(stage, name) for name in retired.FUNCTIONS)
        called = {name: run.address(stage, name) for name in CALLED_FUNCTIONS}
        running = {
            **{On("function", spec.name): run.function(stage, spec, address, LABELS) for spec in FUNCTIONS},
            **{On("job", each.name): run.job(stage, each, address, LABELS) for each in JOBS},
            On("portal"): run.portal(stage, address, self.secrets, LABELS, called, SQL_ACCOUNTS),
        }
        yield from running.values()
        yield from (policy_on(stage, target, roles[target], resource) for target, resource in running.items())
        origins = list(dict.fromkeys((stage["PORTAL_ADDRESS"], run.address(stage, "portal"))))
        for name in (INBOX, STAGING):
            yield storage.upload_origins(on[On("bucket", name)], origins, run.printed_address(stage, "portal"))
        for spec in FUNCTIONS:
            yield from self._schedules(spec)
        yield storage.notification(stage.project, on[On("bucket", INBOX)], TOPIC_OBJECTS)
        yield from (retired.trigger(stage, name) for name in retired.TRIGGERS)
        yield from self._monitoring()

    def _schedules(self, spec: Function) -> Iterator[Resource]:
        stage = self.stage
        for trigger in spec.triggers:
            if isinstance(trigger, Scheduled):
                to, caller = run.address(stage, spec.name), stage.account(SCHEDULER)
                yield scheduler.job(stage, spec.name, trigger.cron, to, caller, spec.timeout)

    def _monitoring(self) -> Iterator[Resource]:
        host = self.stage["PORTAL_ADDRESS"].removeprefix("https://")
        email = self.stage.alert_email
        channel = watching.channel(email) if email else None
        if channel:
            yield channel
        yield watching.uptime(self.stage.project, host, "/healthz/ready")
        recipient = channel.name if channel else ""
        yield from (watching.alert(wanted, recipient) for wanted in alerts(self.stage))
        yield watching.dashboard(dashboard.definition(self.stage))
        yield from billing.budgets(self.stage, recipient)
