"""Jobs: what is too large or too slow for a function. Their sizes with reasons, and the roles of their accounts."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from infra.access.grants import ADDS_ORIGINALS, DOCUMENTS, LOADS, PUBLISHES, READS, SOURCE_SECRETS, WRITES, Grant
from infra.stage import Stage
from tillstream.delivery.background_exports import EXPORTS_FOLDER as EXPORTS
from tillstream.delivery.file_deliveries import FILES_FOLDER as DELIVERIES
from tillstream.model.events import STAGING, TOPIC_STORE_SALES
from tillstream.ports.jobs import CONNECT_JOB, FORECAST_JOB, REPORTS_JOB, RESTOCK_JOB, SETTLE_LARGE_JOB
from tillstream.records.mail import MAIL_FOLDER

MAIL_FROM = "TILLSTREAM_MAIL_FROM"
"""A stage sends e-mail if it has this setting."""
SMTP_SECRET = {"TILLSTREAM_SMTP_URL": "tillstream-smtp-url"}
"""Variable → its secret, the address of the mail server with its password, which is entered by hand."""
NOTHING: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True)
class Job:
    """A command of the product, run with the portal's image in a process of its own."""

    name: str
    does: str
    arguments: tuple[str, ...]
    """Of the command `tillstream`."""
    memory: str
    """In Gi. DuckDB may use half of it; the rest is for the rows that are appended, and for the staged files."""
    cpu: str
    hours: int
    """Timeout."""
    why: str
    """Reason for its size."""
    grants: tuple[Grant, ...]
    alert: str
    """Title of the alert when a run failed."""
    failure: str
    """What a failed run means, for this alert."""
    mail_secrets: Mapping[str, str] = field(default_factory=lambda: NOTHING)
    """Variables → their secrets, in stages that send e-mail."""
    reaches_network: bool = False
    """Whether it reaches the private addresses of the stage's network, if the stage names one."""

    @property
    def account(self) -> str:
        """The id of its service account."""
        return f"tillstream-{self.name}"

    def size(self, stage: Stage, what: str) -> str:
        """MEMORY or CPU in a stage, such as SETTLE_LARGE_MEMORY."""
        return stage.size(self.name.replace("-", "_"), what, {"MEMORY": self.memory, "CPU": self.cpu}[what])

    def settings(self, stage: Stage) -> dict[str, str]:
        gibibytes = int(self.size(stage, "MEMORY").removesuffix("Gi"))
        of_job = {"TILLSTREAM_SETTLE_MEMORY": f"{gibibytes * 512}MiB", "TILLSTREAM_PUBLIC_URL": stage["PORTAL_ADDRESS"]}
        return of_job | stage.settings

    def subnet(self, stage: Stage) -> str:
        """The subnet of the company's network from which it sends requests; empty: none."""
        return stage.values.get("CONNECT_SUBNET", "") if self.reaches_network else ""

    def secrets(self, stage: Stage) -> Mapping[str, str]:
        """Variables → their secrets."""
        return self.mail_secrets if stage.settings.get(MAIL_FROM) else NOTHING


LARGE = Job(
    SETTLE_LARGE_JOB,
    "Settles files, replays and undos that are too large for `settle`",
    ("settle",),
    memory="32Gi",
    cpu="8",
    hours=24,
    why="The largest that Cloud Run offers: 1.3 kB per line, so about 20 million lines, or a file of 5 GB. It costs "
    "nothing while nothing large arrives.",
    grants=(*WRITES, Grant("roles/storage.objectViewer", "bucket", STAGING), DOCUMENTS, PUBLISHES),
    alert="a large settlement failed",
    failure="Its files and undos wait, and other files after them; it is started again after 5 minutes, later after "
    "longer pauses.",
)
FORECASTS = Job(
    FORECAST_JOB,
    "Forecasts revenue and units, every night after the ledger is compacted",
    ("forecast", "run"),
    memory="4Gi",
    cpu="2",
    hours=3,
    why="2,000 products in stores take about a minute and 1 GB; the time and the memory grow with their number, up to "
    "20,000. A run that was stopped is continued by the next one.",
    grants=(*WRITES, LOADS, Grant("roles/storage.objectUser", "bucket", STAGING), DOCUMENTS),
    alert="a forecast failed",
    failure="The forecasts of the night before are shown until it succeeds; it is started again the next night, or "
    "with Forecast again in the portal.",
)
MAIL = Job(
    REPORTS_JOB,
    "Makes the reports, subscribed tables and long exports that are due, and sends e-mail, files and notices of alerts",
    ("report", "send"),
    memory="4Gi",
    cpu="1",
    hours=3,
    why="A report takes up to two minutes, most of which BigQuery works on its 90 queries, and half a GB. A workbook "
    "of a million sale lines has temporary files of 2.5 GB, which in Cloud Run take memory. A run that was stopped "
    "is continued by the next one.",
    grants=(
        *READS,
        *(
            Grant("roles/storage.objectUser", "bucket", STAGING, folder)
            for folder in (MAIL_FOLDER, DELIVERIES, EXPORTS)
        ),
        DOCUMENTS,
        SOURCE_SECRETS,
    ),
    alert="reports are not made",
    failure="Reports, subscribed tables and long exports are late. It is started again within an hour.",
    mail_secrets=SMTP_SECRET,
    reaches_network=True,
)
RESTOCKING = Job(
    RESTOCK_JOB,
    "Computes the restock queue of more than 50,000 counted products in stores",
    ("restock", "run", "--due"),
    memory="4Gi",
    cpu="2",
    hours=1,
    why="A million products in stores take 25 processor seconds and 1 GB, and the reading from BigQuery.",
    grants=(*WRITES, LOADS, DOCUMENTS),
    alert="the restock queue is not computed",
    failure="The queue that was computed before is shown. It is started again within an hour.",
)
CONNECTING = Job(
    CONNECT_JOB,
    "Runs the connectors that are due, which pull files and rows from where a company keeps its sales",
    ("connect", "run", "--due"),
    memory="2Gi",
    cpu="1",
    hours=24,
    why="Files and pages of rows over 8 MB are temporary files, which in Cloud Run take memory, so one file has "
    "up to 1 GB. A run that was stopped is continued by the next one, from the cursor of each connector.",
    grants=(
        *ADDS_ORIGINALS,
        Grant("roles/storage.objectUser", "bucket", STAGING),
        DOCUMENTS,
        PUBLISHES,
        Grant("roles/pubsub.publisher", "topic", TOPIC_STORE_SALES),
        SOURCE_SECRETS,
    ),
    alert="connectors do not run",
    failure="What the sources have is not read until a run succeeds. It is started again within an hour.",
    reaches_network=True,
)
JOBS = (LARGE, FORECASTS, MAIL, RESTOCKING, CONNECTING)
