"""Settings: the only place that reads the environment (names start with TILLSTREAM_)."""

from functools import cached_property
from pathlib import Path
from typing import Literal

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from tillstream.domain.limits import Limits


def _home() -> Path:
    clone = Path(__file__).resolve().parent.parent
    if (clone / "pyproject.toml").exists():
        return clone / "var"
    import platformdirs  # most people say where it is

    return Path(platformdirs.user_data_dir("tillstream"))


class Settings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="TILLSTREAM_", frozen=True, extra="ignore")

    home: Path = Field(default_factory=_home, description="The folder of everything local")
    host: str = Field("127.0.0.1", description="Where the portal listens")
    port: int = Field(8080, description="The portal's port")
    reporting_currency: str = Field(
        "USD", pattern="^[A-Z]{3}$", description="Currency of totals over several currencies"
    )
    memory_limit: str = Field("300MB", description="What DuckDB may use before it spills to disk")
    threads: int = Field(0, ge=0, description="Threads of DuckDB and Arrow; 0: one per core")
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="The least level that is logged"
    )
    log_format: Literal["auto", "json", "console"] = Field(
        "auto", description="auto: console on a terminal, else JSON lines"
    )
    samples: bool = Field(True, description="Whether the first start of an empty home loads the sample regions")
    secure_cookies: bool = Field(False, description="Cookies only over https; set it behind a TLS proxy")
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

    @cached_property
    def dropped(self) -> Path:
        """The watched folder."""
        return self.drop or self.home / "drop"

    @cached_property
    def contracts(self) -> Path:
        """The company's own contracts, beside those that ship."""
        return self.home / "contracts"

    @cached_property
    def limits(self) -> Limits:
        return Limits(
            unpacked_bytes=self.unpacked_limit_mb << 20,
            ratio=self.unpacked_ratio,
            sheet_bytes=self.sheet_limit_mb << 20,
        )
