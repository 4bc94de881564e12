"""Who changed what, when, and how it was before. Imports domain and ports only; everybody may call it.

`record(ports, who, What.…, subject, before, after)` writes one entry. Where the change itself is a document, `entry`
gives the entry as a `Put`, to be written together with it: neither is there without the other.
"""

from tillstream.audit.recording import COLLECTION, coming_from, entry, record
from tillstream.domain.audit import Entry, What

__all__ = ["COLLECTION", "Entry", "What", "coming_from", "entry", "record"]
