"""Audit log: who changed what, when, from which values. Imports domain and ports only.

`record(ports, who, AuditAction.…, subject, before, after)` writes one entry. If the change itself is a document,
`entry` returns the entry as a `Put`, to be written atomically with it.
"""

from tillstream.audit.recording import (
    COLLECTION,
    client_address,
    current_address,
    entry,
    origin_of_command,
    record,
)
from tillstream.domain.audit import AuditAction, Entry

__all__ = [
    "COLLECTION",
    "AuditAction",
    "Entry",
    "client_address",
    "current_address",
    "entry",
    "origin_of_command",
    "record",
]
