"""Packages of the extras of pyproject.toml: the message where one is needed and not installed."""

from importlib.util import find_spec

from tillstream.model.errors import Rejected

PACKAGES = {
    "apprise": ("apprise", "channels"),
    "asyncssh": ("asyncssh", "sftp"),
    "boto3": ("boto3", "s3"),
    "confluent_kafka": ("confluent-kafka", "kafka"),
    "deltalake": ("deltalake", "lake"),
    "fsspec": ("fsspec", "filesystems"),
    "google.cloud.storage": ("google-cloud-storage", "google"),
    "imap_tools": ("imap-tools", "imap"),
    "jsonpath_ng": ("jsonpath-ng", "http"),
    "lxml": ("lxml", "html"),
    "pandas": ("pandas", "pandas"),
    "psycopg": ("psycopg", "postgresql"),
    "pyspark": ("pyspark", "spark"),
    "requests": ("requests", "http"),
}
"""Module → its package, and the extra that installs it."""
OWN_LOCK = frozenset({"google", "lake", "pandas", "spark"})
"""Extras that `make setup` installs by their own names; the others are all in `connectors`."""


def need_package(module: str, user: str = "This connector") -> None:
    """Raise `Rejected` with the extra to install if a module of `PACKAGES`, or a driver, is absent; imports nothing.

    user: what needs it, as the start of the sentence.
    """
    try:
        is_installed = find_spec(module) is not None
    except ModuleNotFoundError:  # not even the package around it
        is_installed = False
    if is_installed:
        return
    if module not in PACKAGES:
        raise Rejected(f"{user} needs the package {module}: run pip install {module}.")
    package, extra = PACKAGES[module]
    lock = extra if extra in OWN_LOCK else "connectors"
    raise Rejected(
        f"{user} needs the package {package}: install tillstream[{extra}]. In a clone, run make setup EXTRAS={lock}."
    )
