"""Folders of exports, on the disk of the process that writes them."""

from pathlib import Path

from tillstream.adapters.local.files.export_folder import LocalExportFolder
from tillstream.domain.errors import Rejected
from tillstream.ports.export_folder import ExportFolder
from tillstream.ports.table_log import TableLog


def export_folder(path: str, manifest: str) -> ExportFolder:
    """The folder at a path. manifest: the name of the file that lists the others."""
    return LocalExportFolder(Path(path), manifest)


def delta_log(path: str) -> TableLog:
    """The logs of Delta tables in a folder. Raises `Rejected` without their library."""
    try:
        from tillstream.adapters.delta.table_log import DeltaTableLog
    except ImportError as error:
        raise Rejected("Delta tables need a library: pip install 'tillstream[lake]'") from error
    return DeltaTableLog(Path(path))
