"""Settings: the only place that reads the environment (names start with TILLSTREAM_)."""

import os
import re
import sys
from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import (
    AliasChoices,
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    field_validator,
    model_validator,
)

from tillstream.model.dates import RETAIL_CALENDAR_PATTERN, DailyOpeningHours
from tillstream.model.errors import Rejected
from tillstream.model.events import INBOX, STAGING
from tillstream.model.limits import Limits

MEMORY = r"(?i)^[0-9]*[1-9][0-9]*(\.[0-9]+)?\s*([kmgt]i?b|b|bytes?)$"
REPORT_IDS = r"(\s*[a-z-]+=[\w-]+\s*(,|$))*"


class ProjectSettings(BaseModel):
    """The environment completes the values of the caller; its names match in any case."""

    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False, validate_default=True)

    @model_validator(mode="before")
    @classmethod
    def _read_environment(cls, values: dict[str, Any]) -> dict[str, Any]:
        environment = {name.lower(): text for name, text in os.environ.items()}
        names: dict[str, str] = {}  # of a value → of its variable
        for name, field in cls.model_fields.items():
            if isinstance(field.validation_alias, AliasChoices):
                names |= {str(choice): str(choice) for choice in field.validation_alias.choices}
            else:
                names[name] = f"TILLSTREAM_{name}"
        read = {
            name: environment[variable.lower()] for name, variable in names.items() if variable.lower() in environment
        }
        return read | values

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
            DailyOpeningHours.parse(text)
        return text

    def is_open(self, at: datetime) -> bool:
        """Whether `at` is in the opening hours."""
        return not self.opening_hours or DailyOpeningHours.parse(self.opening_hours).contain(at)

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


class DeliverySettings(ProjectSettings):
    delivery_folders: str = Field(
        "",
        description="Folders of this machine to which files of subscriptions can be delivered besides `deliveries` in "
        "the home folder, separated by commas",
    )

    @field_validator("home", "drop", "secrets", mode="before", check_fields=False)
    @classmethod
    def _names_a_folder(cls, path: Any) -> Any:
        """Refuse an empty path, which would be the current folder, wherever that is."""
        if isinstance(path, str) and not path.strip():
            raise ValueError("enter the path of a folder, or remove the variable to use the default")
        return path

    @property
    def other_delivery_folders(self) -> tuple[Path, ...]:
        """The folders of `delivery_folders`."""
        return tuple(Path(folder.strip()) for folder in self.delivery_folders.split(",") if folder.strip())


def _home() -> Path:
    clone = Path(__file__).resolve().parents[1]
    if (clone / "pyproject.toml").exists():
        return clone / "var"
    import platformdirs  # imported only if the home is not set

    return Path(platformdirs.user_data_dir("tillstream"))


class InvalidSettings(Rejected):
    """A setting has the wrong type, or settings contradict each other."""


class Settings(DeliverySettings):
    """All settings; those of a project come first."""

    home: Path = Field(default_factory=_home, description="Folder for all local data")
    host: str = Field("127.0.0.1", description="Address on which the portal listens")
    port: int = Field(8080, ge=1, le=65535, description="Port of the portal")
    public_url: str = Field(
        "", pattern=r"^(https?://[^\s/]+)?$", description="Address of the portal in links; empty: `http://HOST:PORT`"
    )
    reporting_currency: str = Field(
        "USD", pattern="^[A-Z]{3}$", description="Currency for totals of several currencies"
    )
    fiscal_month: int = Field(1, ge=1, le=12, description="First month of the fiscal year")
    retail_calendar: str = Field(
        "4-4-5 monday nearest",
        pattern=RETAIL_CALENDAR_PATTERN,
        description="Retail weeks of `dim_date`, see the warehouse",
    )
    memory_limit: str = Field("256MB", pattern=MEMORY, description="Memory limit of DuckDB before it uses the disk")
    server_memory_limit: str = Field(
        "600MB", pattern=MEMORY, description="Memory limit of DuckDB in the server, which runs several queries at once"
    )
    reused_memory: str = Field("1GB", pattern=MEMORY, description="Freed memory that DuckDB keeps for its next steps")
    server_reused_memory: str = Field("64MB", pattern=MEMORY, description="The same in the server, which runs on")
    threads: int = Field(0, ge=0, le=1024, description="Threads of DuckDB and Arrow; 0: one per core")
    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="Lowest level that is logged")
    log_format: Literal["auto", "json", "console", "google"] = Field(
        "auto", description="auto: google (for Cloud Logging) with a project, console on a terminal, otherwise json"
    )
    display: str = Field(
        "",
        validation_alias=AliasChoices("TILLSTREAM_DISPLAY", "WAYLAND_DISPLAY", "DISPLAY"),
        description="Screen on which the browser opens, for systems with several screens or none",
    )
    development: bool = Field(False, description="Whether the portal shows pages for its developers: /storybook")
    forecast_hour: int = Field(3, ge=-1, le=23, description="Local hour of the nightly forecast; -1: on request")
    samples: bool = Field(True, description="Whether the first start with an empty home loads the sample regions")
    api_rate: str = Field(
        "1200 per minute",
        pattern=r"^\d+ per (second|minute|hour|day)$",
        description="API calls allowed per token or user; tills are not limited",
    )
    api_origins: str = Field(
        "", description="Origins of web pages that can call the API with a token, separated by commas; empty: none"
    )
    metrics: bool = Field(
        False, description="Whether /metrics is available, in the Prometheus text format and without sign-in"
    )
    sign_in: Literal["passwords", "oidc", "iap"] = Field(
        "passwords",
        description="How users sign in: a Tillstream password, an OpenID Connect provider, or an Identity-Aware Proxy",
    )
    local_accounts: bool = Field(
        False,
        description="Whether users can also sign in with a Tillstream password if sign_in is set to another method",
    )
    first_admin: str = Field(
        "admin",
        description="First administrator, created if there are no accounts: a sign-in name or an e-mail address",
    )
    first_password: SecretStr = Field(
        SecretStr(""), description="Secret: password of the first administrator; empty: `serve` generates one"
    )
    oidc_issuer: str = Field("", description="Issuer of the provider, as in its discovery document")
    oidc_client_id: str = Field("", description="Client ID of the portal at the provider")
    oidc_client_secret: SecretStr = Field(
        SecretStr(""), description="Secret: client secret of the portal at the provider"
    )
    iap_audience: str = Field("", description="Audience of the proxy's assertions, as shown in its console")
    push_account: str = Field(
        "", description="Service account whose signed tokens the functions require, if they are not protected by IAM"
    )
    push_audience: str = Field("", description="Audience of those tokens, as set in the subscription")
    session_secret: SecretStr = Field(
        SecretStr(""),
        description="Secret: key that signs cookies; empty: a key is generated and stored with the documents",
    )
    secure_cookies: bool = Field(False, description="Whether cookies are sent only over HTTPS; set it behind TLS")
    proxies: int = Field(0, ge=0, description="Proxies whose X-Forwarded-For and -Proto are trusted; 0: none")
    session_idle_hours: float = Field(12, gt=0, le=87_600, description="Hours of inactivity after which a session ends")
    session_days: float = Field(30, gt=0, le=3650, description="Days after which every session ends")
    preview_days: float = Field(7, ge=1, le=365, description="Days after which a preview without activity is deleted")
    upload_limit_mb: int = Field(4096, ge=1, description="Largest upload that the portal accepts, in megabytes")
    unpacked_limit_mb: int = Field(65536, ge=1, description="Largest unpacked size of a compressed file, in megabytes")
    unpacked_ratio: int = Field(
        250,
        ge=2,
        description="Factor by which a compressed file can grow when unpacked; checked after the first 64 megabytes",
    )
    sheet_limit_mb: int = Field(
        1024, ge=1, description="Largest unpacked workbook, in megabytes; reading it takes up to twice as much memory"
    )
    batch_size: int = Field(20_000, ge=1, description="Largest number of store sales in one micro-batch")
    batch_wait: float = Field(0.1, ge=0, description="Seconds to wait for more store sales of a micro-batch")
    webhook_private: bool = Field(False, description="Whether webhooks and channels can have private addresses or http")
    drop: Path | None = Field(None, description="Watched folder; default: `drop` in the home folder")
    drop_settle: float = Field(5.0, ge=0, description="Seconds without a change after which a dropped file is ingested")
    connect_private: str = Field(
        "",
        description="Private hosts and networks that connectors, deliveries and the sync reach, with commas between",
    )
    connect_folders: str = Field(
        "",
        description="Folders of this machine that connectors can read besides `sources` in the home folder, separated "
        "by commas",
    )
    secrets: Path | None = Field(
        None, description="Folder of files with credentials of connectors; default: `secrets` in the home folder"
    )
    smtp_url: SecretStr = Field(
        SecretStr(""), description="Secret: mail server, smtp://USER:PASSWORD@HOST:587 or smtps://…; empty: no e-mail"
    )
    mail_from: str = Field("", description="Address that e-mail comes from, such as Tillstream <sales@example.com>")

    @classmethod
    def read(cls) -> Self:
        """Read the environment. Raises `InvalidSettings`, with one sentence for each wrong setting."""
        try:
            return cls()
        except ValidationError as error:
            raise InvalidSettings(" ".join(_sentence(dict(one)) for one in error.errors())) from error

    @classmethod
    def check(cls, values: Mapping[str, Any]) -> None:
        """Raises `InvalidSettings` for values of fields that are wrong by themselves, whatever the others are."""
        try:
            cls(**values)
        except ValidationError as error:
            if wrong := [_sentence(dict(one)) for one in error.errors() if one["loc"] and one["loc"][0] in values]:
                raise InvalidSettings(" ".join(wrong)) from error

    @field_validator("first_password", "oidc_client_secret", "session_secret", "smtp_url")
    @classmethod
    def _without_line_end(cls, secret: SecretStr) -> SecretStr:
        """Strip secrets: one read from a file often ends with a line break."""
        return SecretStr(secret.get_secret_value().strip())

    @model_validator(mode="after")
    def _sign_in_is_complete(self) -> Self:
        if bool(self.push_account) != bool(self.push_audience):
            raise ValueError("TILLSTREAM_PUSH_ACCOUNT and TILLSTREAM_PUSH_AUDIENCE must be set together.")
        required = {"oidc": ("oidc_issuer", "oidc_client_id", "oidc_client_secret"), "iap": ("iap_audience",)}
        secrets = {"oidc_client_secret": self.oidc_client_secret.get_secret_value()}
        missing = [name for name in required.get(self.sign_in, ()) if not secrets.get(name, getattr(self, name))]
        if missing:
            names = ", ".join(f"TILLSTREAM_{name.upper()}" for name in missing)
            raise ValueError(f"TILLSTREAM_SIGN_IN={self.sign_in} requires {names}.")
        return self

    @cached_property
    def address(self) -> str:
        """The portal's address for links."""
        return self.public_url or f"http://{self.host}:{self.port}"

    @property
    def passwords_open(self) -> bool:
        """Whether local passwords are accepted."""
        return self.sign_in == "passwords" or self.local_accounts

    @property
    def sends_mail(self) -> bool:
        """Whether e-mail is set up. In a project, only the job `reports` gets the address of the mail server."""
        return bool(self.smtp_url or (self.project and self.mail_from))

    @cached_property
    def dropped(self) -> Path:
        """The watched folder."""
        return self.drop or self.home / "drop"

    @cached_property
    def readable_folders(self) -> tuple[Path, ...]:
        """The folders of this machine that connectors can read."""
        others = (folder.strip() for folder in self.connect_folders.split(","))
        return self.sources_folder, *(Path(folder) for folder in others if folder)

    @cached_property
    def sources_folder(self) -> Path:
        """The folder of the home in which connectors can read files, such as a SQLite database."""
        return self.home / "sources"

    @cached_property
    def secrets_folder(self) -> Path:
        """The folder of files with credentials of connectors."""
        return self.secrets or self.home / "secrets"

    def variable(self, name: str) -> str | None:
        """A variable of the environment with the credential of a connector."""
        return os.environ.get(name)

    @cached_property
    def has_screen(self) -> bool:
        """Whether a browser can open on a screen."""
        return bool(self.display) or sys.platform in {"win32", "darwin"}

    @cached_property
    def contracts(self) -> Path:
        """The folder of custom contracts, which complement the shipped ones."""
        return self.home / "contracts"

    @cached_property
    def limits(self) -> Limits:
        return Limits(
            unpacked_bytes=self.unpacked_limit_mb << 20,
            ratio=self.unpacked_ratio,
            sheet_bytes=self.sheet_limit_mb << 20,
            settled_rows=self.large_rows,
            preview_kept=timedelta(days=self.preview_days),
        )


def _sentence(error: Mapping[str, Any]) -> str:
    """Describe an error of validation in the words of the environment."""
    problem = str(error["msg"]).removeprefix("Value error, ")
    if not error["loc"]:  # of several settings
        return problem
    problem = problem.rstrip(".")
    name = str(error["loc"][0])
    if error["type"] == "string_pattern_mismatch":
        problem = f"write it like “{Settings.model_fields[name].default or 'https://sales.example.com'}”"
    return f"TILLSTREAM_{name.upper()} is “{error['input']}”: {problem[0].lower()}{problem[1:]}. See docs/settings.md."
