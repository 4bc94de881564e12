"""Settings: the only place that reads the environment (names start with TILLSTREAM_)."""

import sys
from functools import cached_property
from pathlib import Path
from typing import Literal, Self

from pydantic import AliasChoices, Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from tillstream.domain.events import INBOX, STAGING
from tillstream.domain.limits import Limits


def _home() -> Path:
    clone = Path(__file__).resolve().parent.parent
    if (clone / "pyproject.toml").exists():
        return clone / "var"
    import platformdirs  # imported only if the home is not set

    return Path(platformdirs.user_data_dir("tillstream"))


class Settings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="TILLSTREAM_", frozen=True, extra="ignore")

    project: str = Field(
        "",
        description="The Google Cloud project that keeps everything; unless set, the home does",
    )
    location: str = Field("europe-west1", description="The region of the project's buckets, functions and dataset")
    stage: str = Field("dev", pattern="^[a-z][a-z0-9-]*$", description="Which of several installations it is")
    dataset: str = Field("tillstream", description="The dataset of BigQuery that holds the ledger and its views")
    inbox_bucket: str = Field("", description="The bucket of files; by default `PROJECT-tillstream-STAGE-inbox`")
    staging_bucket: str = Field("", description="The bucket of rows; by default `PROJECT-tillstream-STAGE-staging`")
    bigquery_api: str = Field("", description="Another address of BigQuery: its emulator's")
    bigquery_storage_api: str = Field("", description="Another address of BigQuery's Storage API: its emulator's")
    monitoring_api: str = Field(
        "https://monitoring.googleapis.com",
        description="Cloud Monitoring, which tells how many messages wait; empty: nobody is asked",
    )
    receive_seconds: float = Field(
        0, ge=0, description="Seconds that one call of the function `receive` waits for further store sales"
    )
    event_hours: float = Field(
        6, gt=0, description="Hours after which a cloud event that still fails becomes a dead letter"
    )
    home: Path = Field(default_factory=_home, description="The folder of everything local")
    host: str = Field("127.0.0.1", description="Where the portal listens")
    port: int = Field(8080, description="The portal's port")
    reporting_currency: str = Field(
        "USD", pattern="^[A-Z]{3}$", description="Currency of totals over several currencies"
    )
    memory_limit: str = Field("256MB", description="What DuckDB may use before it spills to disk")
    server_memory_limit: str = Field("600MB", description="The same in the server, where many ask at once")
    threads: int = Field(0, ge=0, description="Threads of DuckDB and Arrow; 0: one per core")
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="The least level that is logged"
    )
    log_format: Literal["auto", "json", "console", "google"] = Field(
        "auto",
        description="auto: google (for Cloud Logging) with a project, console on a terminal, else json",
    )
    display: str = Field(
        "",
        validation_alias=AliasChoices("TILLSTREAM_DISPLAY", "WAYLAND_DISPLAY", "DISPLAY"),
        description="The screen on which a browser opens, where the system has several or none",
    )
    development: bool = Field(False, description="Whether the portal shows what only its makers need: /storybook")
    samples: bool = Field(True, description="Whether the first start of an empty home loads the sample regions")
    api_rate: str = Field(
        "1200 per minute",
        pattern=r"^\d+ per (second|minute|hour|day)$",
        description="API calls of one token or person; tills are not counted",
    )
    api_origins: str = Field(
        "", description="Sites whose pages may ask the API with a token, separated by commas; none unless set"
    )
    metrics: bool = Field(
        False, description="Whether /metrics tells a monitor, in Prometheus' text; it asks nobody to sign in"
    )
    sign_in: Literal["passwords", "oidc", "iap"] = Field(
        "passwords",
        description="How people sign in: passwords of ours, an OpenID Connect provider, an Identity-Aware Proxy",
    )
    local_accounts: bool = Field(
        False, description="Whether passwords of ours open the portal, too, where sign_in names another way"
    )
    first_admin: str = Field(
        "admin",
        description="Who administers where nobody has an account yet: a sign-in name, or a company's e-mail address",
    )
    first_password: SecretStr = Field(SecretStr(""), description="Secret: the first administrator's password, if any")
    oidc_issuer: str = Field("", description="The provider's issuer, as its discovery document names it")
    oidc_client_id: str = Field("", description="What the provider calls this portal")
    oidc_client_secret: SecretStr = Field(SecretStr(""), description="Secret: what the provider knows this portal by")
    iap_audience: str = Field("", description="The audience of the proxy's assertions, as its console shows it")
    push_account: str = Field(
        "", description="The service account whose signed tokens the functions ask for, where no IAM stands before them"
    )
    push_audience: str = Field("", description="The audience of those tokens, as the subscription names it")
    session_secret: SecretStr = Field(
        SecretStr(""), description="Secret: signs cookies; empty: one is made and kept with the documents"
    )
    secure_cookies: bool = Field(False, description="Cookies only over https; set it behind a TLS proxy")
    proxies: int = Field(
        0, ge=0, description="Proxies before the portal whose X-Forwarded-For and -Proto are believed; 0: none"
    )
    session_idle_hours: float = Field(12, gt=0, description="Hours without a click after which a session ends")
    session_days: float = Field(30, gt=0, description="Days after which every session ends, also a remembered one")
    upload_limit_mb: int = Field(4096, ge=1, description="Largest upload that the portal takes, in megabytes")
    unpacked_limit_mb: int = Field(65536, ge=1, description="Largest content of a compressed file, in megabytes")
    unpacked_ratio: int = Field(
        250, ge=2, description="Times that a compressed file may grow beyond its first 64 megabytes"
    )
    sheet_limit_mb: int = Field(
        1024, ge=1, description="Largest workbook, unpacked, in megabytes; reading one takes up to twice that memory"
    )
    batch_size: int = Field(2000, ge=1, description="Most store sales in one micro-batch")
    batch_wait: float = Field(
        0.1, ge=0, description="Seconds to wait for more store sales before a micro-batch is made"
    )
    drop: Path | None = Field(None, description="The watched folder; by default `drop` in the home")
    drop_settle: float = Field(
        5.0, ge=0, description="Seconds without a change after which a file in the watched folder is taken"
    )

    @field_validator("first_password", "oidc_client_secret", "session_secret")
    @classmethod
    def _without_line_end(cls, secret: SecretStr) -> SecretStr:
        """Strip secrets: one read from a file often ends with a line break."""
        return SecretStr(secret.get_secret_value().strip())

    @model_validator(mode="after")
    def _sign_in_is_complete(self) -> Self:
        if bool(self.push_account) != bool(self.push_audience):
            raise ValueError("TILLSTREAM_PUSH_ACCOUNT and TILLSTREAM_PUSH_AUDIENCE go together.")
        required = {"oidc": ("oidc_issuer", "oidc_client_id", "oidc_client_secret"), "iap": ("iap_audience",)}
        secrets = {"oidc_client_secret": self.oidc_client_secret.get_secret_value()}
        missing = [name for name in required.get(self.sign_in, ()) if not secrets.get(name, getattr(self, name))]
        if missing:
            names = ", ".join(f"TILLSTREAM_{name.upper()}" for name in missing)
            raise ValueError(f"TILLSTREAM_SIGN_IN={self.sign_in} needs {names}.")
        return self

    @cached_property
    def passwords_open(self) -> bool:
        """Whether local passwords are accepted."""
        return self.sign_in == "passwords" or self.local_accounts

    @cached_property
    def reports_dataset(self) -> str:
        """The dataset of views for external reports."""
        return f"{self.dataset}_reports"

    @cached_property
    def buckets(self) -> dict[str, str]:
        """Logical bucket name → name in Cloud Storage."""
        prefix = f"{self.project}-tillstream-{self.stage}"
        return {INBOX: self.inbox_bucket or f"{prefix}-{INBOX}", STAGING: self.staging_bucket or f"{prefix}-{STAGING}"}

    @cached_property
    def dropped(self) -> Path:
        """The watched folder."""
        return self.drop or self.home / "drop"

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
        )
