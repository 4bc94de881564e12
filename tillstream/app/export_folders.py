"""Folders of exports: on the disk of the process that writes them, or in Cloud Storage."""

from pathlib import Path

from tillstream.adapters.local.files.export_folder import LocalExportFolder
from tillstream.app.app import App
from tillstream.app.source_access import source_access
from tillstream.domain.errors import Rejected
from tillstream.marts.object_folder import ObjectExportFolder
from tillstream.ports.export_folder import ExportFolder
from tillstream.ports.table_log import TableLog

CLOUD_STORAGE = "gs://"


def export_folder(app: App, path: str, manifest: str) -> ExportFolder:
    """The folder at a path, or at gs://BUCKET/FOLDER. manifest: the name of the file that lists the others.

    Raises `Rejected` for addresses of other stores, and without Google's libraries or credentials.
    """
    if path.startswith(CLOUD_STORAGE):
        name, _, prefix = path.removeprefix(CLOUD_STORAGE).partition("/")
        objects = source_access(app).cloud_storage()
        return ObjectExportFolder(objects, f"{CLOUD_STORAGE}{name}", prefix, manifest, app.ports.clock.now)
    if "://" in path:
        raise Rejected("An export is written to a folder, or to gs://BUCKET/FOLDER. Copy a folder to other stores.")
    return LocalExportFolder(Path(path), manifest)


def delta_log(path: str) -> TableLog:
    """The logs of Delta tables in a folder. Raises `Rejected` without their library, and for a bucket."""
    if "://" in path:
        raise Rejected("Delta tables are exported to a folder. Copy it to the bucket, or export plain files there.")
    try:
        from tillstream.adapters.delta.table_log import DeltaTableLog
    except ImportError as error:
        raise Rejected("Delta tables need a library: pip install 'tillstream[lake]'") from error
    return DeltaTableLog(Path(path))
