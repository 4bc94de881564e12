"""Whether files of a data source are imported without a preview, which a person sets; at first they are not."""

from collections.abc import Iterable
from dataclasses import dataclass

from tillstream import audit
from tillstream.ports import Ports
from tillstream.ports.document_store import Document, Update, update

COLLECTION = "import_settings"


@dataclass(frozen=True)
class ImportSetting:
    """`by` and `at` (ISO 8601): the last change; empty if there was none."""

    without_preview: bool = False
    by: str = ""
    at: str = ""


def of_source(ports: Ports, name: str) -> ImportSetting:
    """The setting of a data source."""
    return _setting(ports.documents.get(COLLECTION, name))


def without_preview(ports: Ports, names: Iterable[str]) -> frozenset[str]:
    """Those of the data sources whose files are imported without a preview."""
    chosen = {one.id for one in ports.documents.find(COLLECTION) if _setting(one).without_preview}
    return frozenset(chosen.intersection(names))


def save(ports: Ports, name: str, *, without_preview: bool, by: str) -> None:
    """Change the setting of a data source. The audit entry is in the same write."""

    def changed(document: Document | None) -> Update | Document | None:
        before = _setting(document).without_preview
        if before == without_preview:
            return document
        sides = ({"import without preview": before}, {"import without preview": without_preview})
        entry = audit.entry(ports, by, audit.AuditAction.SETTING_CHANGED, f"preview of {name}", *sides)
        at = ports.clock.now().isoformat(timespec="seconds")
        return Update({"without_preview": without_preview, "by": by, "at": at}, [entry])

    update(ports.documents, COLLECTION, name, changed)


def _setting(document: Document | None) -> ImportSetting:
    return ImportSetting(**document.data) if document else ImportSetting()
