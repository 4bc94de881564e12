"""Where the package of a connector, a destination or a channel is absent, the message names the extra to install."""

import sys
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pytest
from connectors.open_access import OpenAccess, open_source

from tillstream.app import App
from tillstream.app.mart_destinations import add_mart_destination, delta_log, export_folder
from tillstream.app.outgoing_deliveries import add_file_destination
from tillstream.app.source_access import source_access
from tillstream.client.frames import to_frame
from tillstream.connectors import kind_table
from tillstream.delivery.alert_channel import SLACK
from tillstream.delivery.chat_services import service_name
from tillstream.delivery.file_destinations import FileDestinationDraft
from tillstream.marts.destinations import MartDestinationDraft
from tillstream.marts.mart_files import MANIFEST
from tillstream.model.errors import Rejected
from tillstream.optional_packages import PACKAGES
from tillstream.spark.spark_session import SparkProcess

WEB_SHOP = {"url": "https://shop.example.com", "token": "env:TILLSTREAM_SOURCE_SHOP"}
KINDS = {
    "http_json": ("requests", {"url": "https://shop.example.com/api/orders"}),
    "shopify": ("requests", WEB_SHOP),
    "square": ("requests", WEB_SHOP | {"locations": "L1"}),
    "web_files": ("requests", {"urls": "https://shop.example.com/sales.csv"}),
    "s3": ("boto3", {"bucket": "sales"}),
    "sftp": ("asyncssh", {"host": "sftp.example.com", "user": "till", "password": "env:TILLSTREAM_SOURCE_SFTP"}),
    "kafka": ("confluent_kafka", {"brokers": "kafka.example.com:9093", "topic": "sales"}),
    "imap": ("imap_tools", {"host": "imap.example.com"}),
    "html_table": ("lxml", {"url": "https://example.com/sales.html"}),
    "filesystems": ("fsspec", {"url": "ftp://ftp.example.com/sales/"}),
}
PLACES: dict[str, tuple[str, Callable[[App], object]]] = {
    "a copy in PostgreSQL": (
        "psycopg",
        lambda app: add_mart_destination(app, MartDestinationDraft("bi", "postgresql://bi@db.example.com/sales"), "a"),
    ),
    "an export to S3": ("boto3", lambda app: export_folder(app, "s3://sales/marts", MANIFEST)),
    "files to S3": ("boto3", lambda app: add_file_destination(app, FileDestinationDraft("s", "s3://sales/x"), "a")),
    "Delta tables": ("deltalake", lambda _: delta_log("/data/marts")),
    "a bucket": ("google.cloud.storage", lambda app: source_access(app).cloud_storage()),
    "a channel": ("apprise", lambda _: service_name("https://hooks.slack.com/services/x", SLACK, private=False)),
    "a frame": ("pandas", lambda _: to_frame(pa.table({"a": [1]}), "pandas")),
    "Spark": ("pyspark", lambda _: SparkProcess().__enter__()),
}


def expect(module: str) -> "pytest.RaisesExc[Rejected]":
    package, extra = PACKAGES[module]
    return pytest.raises(Rejected, match=rf" needs the package {package}: install tillstream\[{extra}\]\. ")


@pytest.fixture
def without(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    return lambda module: monkeypatch.setitem(sys.modules, module, None)


@pytest.mark.parametrize("name", KINDS)
def test_a_connector_names_the_extra(name: str, without: Callable[[str], None]) -> None:
    module, settings = KINDS[name]
    open_source(kind_table.find_kind(name), OpenAccess(), **settings).close()
    without(module)
    with expect(module):
        open_source(kind_table.find_kind(name), OpenAccess(), **settings)


@pytest.mark.parametrize("name", PLACES)
def test_a_place_or_a_channel_names_the_extra(app: App, name: str, without: Callable[[str], None]) -> None:
    module, use = PLACES[name]
    without(module)
    with expect(module):
        use(app)


def test_a_driver_or_a_file_system_without_an_extra_is_named_by_its_package(without: Callable[[str], None]) -> None:
    without("pymssql")
    with pytest.raises(Rejected, match=r"mssql:// needs the package pymssql: run pip install pymssql\.$"):
        open_source(kind_table.find_kind("sql"), OpenAccess(), url="mssql://db.example.com/shop")
    without("psycopg")
    with pytest.raises(Rejected, match=r"postgresql:// needs the package psycopg: install tillstream\[postgresql\]"):
        open_source(kind_table.find_kind("sql"), OpenAccess(), url="postgresql://db.example.com/shop")


@pytest.mark.parametrize("name", ["sql", "local_folder"])
def test_kinds_of_the_base_install_need_no_extra(
    name: str, monkeypatch: pytest.MonkeyPatch, without: Callable[[str], None], tmp_path: Path
) -> None:
    for module in PACKAGES:
        without(module)
    required = {"local_folder": {"folder": str(tmp_path)}, "sql": {"url": "sqlite:////data/shop.db", "query": "sales"}}[
        name
    ]
    open_source(kind_table.find_kind(name), OpenAccess(), **required).close()
