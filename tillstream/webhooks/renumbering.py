"""Ids of today for webhooks of earlier versions, whose subscriptions no account of a project may read any more."""

from dataclasses import replace

from tillstream.model.audit import AuditAction
from tillstream.model.events import WEBHOOK_IDS
from tillstream.ports import Ports
from tillstream.ports.documents import Put
from tillstream.records import audit_log
from tillstream.webhooks import registry
from tillstream.webhooks.registry import COLLECTION

ACTOR = "upgrade"
BEFORE = "was"
"""In the document of such a webhook: its id before."""


def renumber(ports: Ports) -> None:
    """Give each webhook an id of today, under which the portal shows it from now on. Idempotent.

    Its earlier subscription expires with the events that were not sent yet.
    """
    stored = ports.documents.find(COLLECTION)
    moved = {one.data.get(BEFORE) for one in stored}
    for document in stored:
        if document.id in WEBHOOK_IDS:
            continue
        if document.id not in moved:
            webhook = replace(registry.get(ports, document.id), id=registry.free_id(ports))
            registry.attach(ports, webhook, ACTOR)
            data = {**document.data, "id": webhook.id, BEFORE: document.id}
            change = {"id": document.id}, {"id": webhook.id}
            entry = audit_log.entry(ports, ACTOR, AuditAction.WEBHOOK_CHANGED, webhook.id, *change)
            ports.documents.put_all([Put(COLLECTION, webhook.id, data, if_version=0), entry])
        ports.documents.delete(COLLECTION, document.id)
