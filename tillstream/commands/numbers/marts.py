"""Exports of the marts."""

from collections.abc import Sequence
from dataclasses import dataclass

from tillstream.app import App
from tillstream.app.export_folders import export_folder
from tillstream.commands.result import Progress, Result
from tillstream.marts.export import Exported, export
from tillstream.marts.manifest import MANIFEST


@dataclass(frozen=True, kw_only=True)
class MartsExport:
    """to: the path of the folder. only: names of tables; empty: those of the last export to the folder, or all.
    location: where other engines read the folder; empty: its path."""

    to: str
    only: Sequence[str] = ()
    location: str = ""


def export_marts(app: App, progress: Progress, arguments: MartsExport) -> Result:
    """Export to the folder. Raises as `export`."""
    folder = export_folder(arguments.to, MANIFEST)
    exported = export(
        app.ports.warehouse,
        folder,
        arguments.only,
        location=arguments.location,
        progress=lambda count: progress("files", count),
    )
    return Result({"folder": folder.path} | _summary(exported))


def _summary(exported: Exported) -> dict[str, object]:
    manifest = exported.manifest
    files = [manifest.files_of(table) for table in manifest.tables]
    return {
        "settlement_no": manifest.state.settlement_no,
        "as_of": manifest.state.as_of or None,
        "written": exported.written,
        "removed": exported.removed,
        "tables": [
            {
                "name": table.name,
                "rows": sum(file.rows for file in listed),
                "files": len(listed),
                "bytes": sum(file.bytes for file in listed),
            }
            for table, listed in zip(manifest.tables, files, strict=True)
        ],
    }
