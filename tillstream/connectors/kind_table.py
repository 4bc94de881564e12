"""The table of kinds. A module is imported when its kind is used; it imports its library when a source is opened."""

from importlib import import_module

from tillstream.connectors.source import ConnectorKind
from tillstream.model.errors import Rejected

MODULES: tuple[str, ...] = (
    *("s3", "cloud_storage", "sftp", "local_folder", "filesystems", "web_files", "imap"),
    *("sql", "http_json", "shopify", "square", "html_table", "kafka"),
)
"""Names of kinds in the order of lists; each is a module of `connectors.kinds`."""


def find_kind(name: str) -> ConnectorKind:
    """Raises `Rejected` for a kind that does not exist."""
    if name not in MODULES:
        raise Rejected(f"There is no kind of connector “{name}”. The kinds are: {', '.join(MODULES)}.")
    result: ConnectorKind = import_module(f"tillstream.connectors.kinds.{name}").KIND
    return result


def all_kinds() -> tuple[ConnectorKind, ...]:
    """All kinds."""
    return tuple(find_kind(name) for name in MODULES)
