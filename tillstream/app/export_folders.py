"""Folders of exports, on the disk of the process that writes them."""

from pathlib import Path

from tillstream.adapters.local.files.export_folder import LocalExportFolder
from tillstream.ports.export_folder import ExportFolder


def export_folder(path: str, manifest: str) -> ExportFolder:
    """The folder at a path. manifest: the name of the file that lists the others."""
    return LocalExportFolder(Path(path), manifest)
