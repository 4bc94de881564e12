"""The settings of an installation in a project of Google Cloud."""

import re
from datetime import datetime
from functools import cached_property

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from tillstream.domain.dates.opening_hours import OpeningHours
from tillstream.domain.events import INBOX, STAGING

MEMORY = r"(?i)^[0-9]*[1-9][0-9]*(\.[0-9]+)?\s*([kmgt]i?b|b|bytes?)$"
REPORT_IDS = r"(\s*[a-z-]+=[\w-]+\s*(,|$))*"


class ProjectSettings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="TILLSTREAM_", frozen=True, extra="ignore", allow_inf_nan=False)

    project: str = Field("", description="Google Cloud project that stores everything; empty: the home folder does")
    location: str = Field("europe-west1", description="Region of the project's buckets, functions and dataset")
    stage: str = Field("dev", pattern="^[a-z][a-z0-9-]*$", description="Installation, if a project has several")
    dataset: str = Field("tillstream", description="BigQuery dataset of the ledger and its views")
    reports_dataset: str = Field("", description="BigQuery dataset of the reporting views; default: `DATASET_reports`")
    sql_accounts: str = Field(
        "",
        pattern=r"^(\S+@\S+( |$))*$",
        description="In a project: service accounts that run SQL of people, separated by spaces; empty: no SQL",
    )
    inbox_bucket: str = Field("", description="Bucket of the files; default: `PROJECT-tillstream-STAGE-inbox`")
    staging_bucket: str = Field("", description="Bucket of staged rows; default: `PROJECT-tillstream-STAGE-staging`")
    bigquery_api: str = Field("", description="Address of a BigQuery emulator")
    bigquery_storage_api: str = Field("", description="Address of an emulator of the BigQuery Storage API")
    monitoring_api: str = Field(
        "https://monitoring.googleapis.com",
        description="Address of Cloud Monitoring, which reports the number of waiting messages; empty: not used",
    )
    receive_seconds: float = Field(
        0, ge=0, description="Seconds for which one call of the function `receive` waits for more store sales"
    )
    opening_hours: str = Field(
        "",
        description="Hours in which `receive` waits for store sales, such as `06:00-22:00 Europe/Berlin`; outside "
        "them, it pulls once a minute; empty: it always waits",
    )
    forward_seconds: float = Field(50, ge=0, description="Seconds for which one call of `forward` sends sale events")
    run_api: str = Field("https://run.googleapis.com", description="Address of Cloud Run, which runs the jobs")
    function_urls: str = Field(
        "",
        pattern=r"^([a-z]+=https?://\S+( |$))*$",
        description="Functions that the portal of a project calls, as NAME=ADDRESS separated by spaces; empty: none",
    )
    secrets_api: str = Field(
        "https://secretmanager.googleapis.com",
        description="Address of Secret Manager, from which connectors of a project can read credentials",
    )
    large_rows: int = Field(
        500_000,
        ge=1,
        description="In a project: rows above which a settlement or an undo is left to the job `settle-large`",
    )
    settle_memory: str = Field(
        "600MB",
        pattern=MEMORY,
        description="In a project: memory limit of DuckDB in a settlement; the process needs about twice as much",
    )
    looker_report_ids: str = Field(
        "", description="Reports of Looker Studio to copy, `REPORT=ID` separated by commas; empty: none"
    )
    event_hours: float = Field(6, gt=0, description="Hours after which a failing cloud event becomes a dead letter")

    @field_validator("opening_hours")
    @classmethod
    def _hours_are_readable(cls, text: str) -> str:
        if text:
            OpeningHours.parse(text)
        return text

    def is_open(self, at: datetime) -> bool:
        """Whether `at` is in the opening hours."""
        return not self.opening_hours or OpeningHours.parse(self.opening_hours).contain(at)

    @field_validator("looker_report_ids")
    @classmethod
    def _are_report_ids(cls, text: str) -> str:
        if not re.fullmatch(REPORT_IDS, text):
            raise ValueError("Write REPORT=ID, separated by commas")
        return text

    @cached_property
    def looker_reports(self) -> dict[str, str]:
        """Name of a report in `looker/reports` → its ID in Looker Studio."""
        return dict(one.strip().split("=") for one in self.looker_report_ids.split(",") if one.strip())

    @cached_property
    def views_dataset(self) -> str:
        """The dataset of views for external reports."""
        return self.reports_dataset or f"{self.dataset}_reports"

    @cached_property
    def accounts_of_sql(self) -> tuple[str, ...]:
        return tuple(self.sql_accounts.split())

    @cached_property
    def functions(self) -> dict[str, str]:
        """Function that the portal calls → its address."""
        return dict(each.split("=", 1) for each in self.function_urls.split())

    @cached_property
    def buckets(self) -> dict[str, str]:
        """Logical bucket name → name in Cloud Storage."""
        prefix = f"{self.project}-tillstream-{self.stage}"
        return {INBOX: self.inbox_bucket or f"{prefix}-{INBOX}", STAGING: self.staging_bucket or f"{prefix}-{STAGING}"}
