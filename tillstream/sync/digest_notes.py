"""Notes of what both sides compare: the digest of each day of receipt, and the sums of each batch of the day.

If settlements touch some batches, only their sums are computed again; the digest of a day follows from these and the
noted sums of its other batches. Sums that do not have the noted digest, as after a crash between two documents, are not
used.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from tillstream.ports import Ports
from tillstream.ports.documents import Put, put_in_groups

NOTED_DIGESTS, NOTED_SUMS = "sync_day_digests", "sync_batch_sums"
BATCHES_IN_DOCUMENT = 1_500
"""Batches of a day in one document of about 250 KB; a document of Firestore has at most 1 MiB. They are in a map:
fields of the document itself are indexed if their names are words, as many IDs of batches are."""
DOCUMENTS_AT_ONCE = 20
"""Documents in one transaction; one of Firestore has at most 10 MiB."""


@dataclass(frozen=True)
class DigestNotes:
    """Digests of one home, by day of receipt as ISO 8601 text."""

    whole_at: str = ""
    """When they were last computed from the whole ledger, ISO 8601 UTC."""
    digests: Mapping[str, str] = field(default_factory=dict)
    """Day → digest."""
    parts: Mapping[str, int] = field(default_factory=dict)
    """Day → number of documents with the sums of its batches, if there is more than one."""
    number: int = 0
    """The last settlement of this ledger that they include."""
    settled_at: str = ""
    """When that settlement was committed: another ledger has another time."""


def get_notes(ports: Ports, name: str) -> DigestNotes | None:
    document = ports.documents.get(NOTED_DIGESTS, name)
    return DigestNotes(**document.data) if document else None


def save_notes(ports: Ports, name: str, noted: DigestNotes, before: DigestNotes | None = None) -> DigestNotes:
    """before: the present notes; nothing is written if they are equal."""
    if noted != before:
        ports.documents.put(NOTED_DIGESTS, name, asdict(noted))
    return noted


def delete_notes(ports: Ports, name: str) -> None:
    """Delete the notes of a home: the next comparison reads the whole ledger."""
    ports.documents.delete(NOTED_DIGESTS, name)


def delete_all_notes(ports: Ports) -> None:
    """As `delete_notes`, of all homes."""
    for document in ports.documents.find(NOTED_DIGESTS):
        delete_notes(ports, document.id)


def note_batch_sums(
    ports: Ports, name: str, noted: DigestNotes, sums: Mapping[str, Mapping[str, str | None]]
) -> DigestNotes | None:
    """Note other sums of some batches, and return the digests, which are still to be saved.

    sums: day → batch → its sums, None for one that no longer counts. Returns None if the noted sums of one of these
    days do not have its noted digest.
    """
    digests, count, puts = dict(noted.digests), dict(noted.parts), list[Put]()
    for day, changed in sums.items():
        before = [_read_sums(ports, name, day, part) for part in range(count.get(day, 1))]
        if _digest_of_parts(before) != digests.get(day, ""):
            return None
        parts = _changed_parts(before, changed)
        puts += [
            _put_of_sums(name, day, part, now) for part, now in enumerate(parts) if now not in before[part : part + 1]
        ]
        _set_digest(digests, day, _digest_of_parts(parts))
        count |= {day: len(parts)}
    put_in_groups(ports.documents, puts, DOCUMENTS_AT_ONCE)
    return replace(noted, digests=digests, parts=_several_parts(count))


def note_all_sums(ports: Ports, name: str, sums: Mapping[str, Mapping[str, str]]) -> DigestNotes:
    """Note the sums of all batches, and return the digests, which are still to be saved.

    sums: day → batch → its sums.
    """
    digests, count, puts = dict[str, str](), dict[str, int](), list[Put]()
    for day, of_day in sums.items():
        batches = sorted(of_day)
        parts = [
            {one: of_day[one] for one in batches[first : first + BATCHES_IN_DOCUMENT]}
            for first in range(0, len(batches), BATCHES_IN_DOCUMENT)
        ]
        digests[day], count[day] = _digest_of_parts(parts), len(parts)
        puts += [_put_of_sums(name, day, part, now) for part, now in enumerate(parts)]
    put_in_groups(ports.documents, puts, DOCUMENTS_AT_ONCE)
    return DigestNotes(digests=digests, parts=_several_parts(count))


def _changed_parts(parts: Sequence[Mapping[str, str]], sums: Mapping[str, str | None]) -> list[dict[str, str]]:
    changed = [{batch: text for batch, text in part.items() if sums.get(batch, "") is not None} for part in parts]
    for batch, text in sums.items():
        if text is None:
            continue
        part = next((one for one in changed if batch in one), changed[-1])
        if batch not in part and len(part) >= BATCHES_IN_DOCUMENT:
            part = {}
            changed.append(part)
        part[batch] = text
    return changed


def _digest_of_parts(parts: Sequence[Mapping[str, str]]) -> str:
    """The digest of the batches of a day; empty without any."""
    lines = sorted(f"{batch} {sums}" for part in parts for batch, sums in part.items())
    return hashlib.sha256("\n".join(lines).encode()).hexdigest() if lines else ""


def _set_digest(digests: dict[str, str], day: str, digest: str) -> None:
    if digest:
        digests[day] = digest
    else:
        digests.pop(day, None)


def _several_parts(count: Mapping[str, int]) -> dict[str, int]:
    return {day: parts for day, parts in count.items() if parts > 1}


def _read_sums(ports: Ports, name: str, day: str, part: int) -> dict[str, Any]:
    document = ports.documents.get(NOTED_SUMS, _sums_id(name, day, part))
    return dict(document.data["sums"]) if document else {}


def _put_of_sums(name: str, day: str, part: int, sums: Mapping[str, str]) -> Put:
    return Put(NOTED_SUMS, _sums_id(name, day, part), {"sums": sums})


def _sums_id(name: str, day: str, part: int) -> str:
    return f"{name} {day} {part}"
