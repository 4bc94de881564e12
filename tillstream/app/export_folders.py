"""Folders of exports: on the disk of the process that writes them, in Cloud Storage, or in S3."""

from collections.abc import Callable, Collection
from pathlib import Path

from tillstream.adapters.local.files.destination_folders import LocalExportFolder
from tillstream.app.app import App
from tillstream.app.output_places import check_output
from tillstream.app.source_access import source_access
from tillstream.marts.export import Exported, export_to_folder, folder_format
from tillstream.marts.mart_files import MANIFEST, PARQUET
from tillstream.marts.object_folder import ObjectExportFolder
from tillstream.model.errors import Rejected
from tillstream.ports.files import ExportFolder, TableLog
from tillstream.ports.objects import BucketObjects

CLOUD_STORAGE, S3 = "gs://", "s3://"
DELTA = "delta"
FORMATS = (PARQUET, DELTA)


def export_folder(app: App, path: str, manifest: str) -> ExportFolder:
    """The folder at a path, at gs://BUCKET/FOLDER, or at s3://BUCKET/FOLDER.

    manifest: the name of the file that lists the others. Raises `Rejected` for addresses of other stores, without
    Google's libraries or credentials, and for a folder in which nothing may be written.
    """
    if path.startswith((CLOUD_STORAGE, S3)):
        scheme, _, rest = path.partition("://")
        name, _, prefix = rest.partition("/")
        objects = s3_objects() if path.startswith(S3) else source_access(app).cloud_storage()
        return ObjectExportFolder(objects, f"{scheme}://{name}", prefix, manifest, app.ports.clock.now)
    if "://" in path:
        raise Rejected(
            "An export is written to a folder, to gs://BUCKET/FOLDER or to s3://BUCKET/FOLDER. Copy a folder to other "
            "stores."
        )
    check_output(app.settings, path)
    return LocalExportFolder(Path(path), manifest)


def s3_objects() -> BucketObjects:
    """The objects of S3 with the credentials of this machine. Raises `Rejected`."""
    from tillstream.adapters.s3.bucket_objects import connect_s3  # lazy: only exports to S3 need its library

    return connect_s3()


def delta_log(path: str) -> TableLog:
    """The logs of Delta tables in a folder. Raises `Rejected` without their library, and for a bucket."""
    if "://" in path:
        raise Rejected("Delta tables are exported to a folder. Copy it to the bucket, or export plain files there.")
    try:
        from tillstream.adapters.delta.table_log import DeltaTableLog
    except ImportError as error:
        raise Rejected("Delta tables need a library: pip install 'tillstream[lake]'") from error
    return DeltaTableLog(Path(path))


def export_to(
    app: App,
    path: str,
    only: Collection[str] = (),
    *,
    location: str = "",
    table_format: str = "",
    progress: Callable[[int], None] = lambda _: None,
) -> tuple[str, str, Exported]:
    """Export to the folder at a path or an address; return its whole path, the format, and what was exported.

    only, location, progress: as in `export`. table_format: empty: that of the last export to the folder.
    Raises as `export_folder`, `delta_log` and `export`.
    """
    folder = export_folder(app, path, MANIFEST)
    table_format = table_format or folder_format(folder)
    log = delta_log(folder.path) if table_format == DELTA else None
    return (
        folder.path,
        table_format,
        export_to_folder(app.ports.warehouse, folder, only, location=location, log=log, progress=progress),
    )
