"""The functions that only the portal calls: what its account may not do itself."""

from infra.access.grants import (
    ADDS_ORIGINALS,
    ATTACHES,
    DOCUMENTS,
    LEAVES_LARGE,
    LOADS,
    PUBLISHES,
    READS_DOCUMENTS,
    WRITES,
    Grant,
)
from infra.function import Function
from tillstream.model.events import INBOX, STAGING
from tillstream.ports import jobs

SECONDS = 540
"""Longer than the portal waits: work that takes longer is finished, and the next call shows its result."""

DECIDE = Function(
    jobs.DECIDE_FUNCTION,
    "Undoes imports, and previews what an import, an undo or a correction would change, for users of the portal",
    (),
    memory="4Gi",
    cpu="2",
    concurrency=1,
    timeout=SECONDS,
    least=0,
    most=5,
    why="A preview reads a file as `stage` does and settles it as `settle` does, so it needs the memory of the larger. "
    "One user per instance, because two would share the memory. Five instances, as only one settlement can commit at a "
    "time. A minimum of one, in the stage's file, saves the first user a start of some seconds.",
    grants=(
        *WRITES,
        Grant("roles/storage.objectViewer", "bucket", INBOX),
        Grant("roles/storage.objectUser", "bucket", STAGING),
        DOCUMENTS,
        PUBLISHES,
        LEAVES_LARGE,
    ),
)
HOMES = Function(
    jobs.HOMES_FUNCTION,
    "Answers homes that sync to the project: stages and settles what they send, and takes their catalogue, goals, "
    "exchange rates and stock movements",
    (),
    memory="4Gi",
    cpu="2",
    concurrency=1,
    timeout=SECONDS,
    least=0,
    most=5,
    why="It reads a file as `stage` does and settles it as `settle` does, so it needs the memory of the larger. One "
    "call per instance, because two would share the memory. Five instances: a home sends about six short calls a "
    "minute, one after the other, and only one settlement can commit at a time.",
    grants=(
        *WRITES,
        LOADS,
        *ADDS_ORIGINALS,
        Grant("roles/storage.objectUser", "bucket", STAGING),
        DOCUMENTS,
        PUBLISHES,
        LEAVES_LARGE,
    ),
)
ATTACH = Function(
    jobs.ATTACH_FUNCTION,
    "Attaches and detaches the subscriptions of webhooks, for admins who create or remove one",
    (),
    memory="512Mi",
    cpu="1",
    concurrency=1,
    timeout=60,
    least=0,
    most=1,
    why="It reads an account and changes a subscription, a few times a year. A function of its own, so that no other "
    "account may change a subscription.",
    grants=(ATTACHES, READS_DOCUMENTS),
)
