"""The functions: their sizes with reasons, their triggers, and the roles of their accounts.

The deploy and `make cloud-local` read this table.
"""

from types import MappingProxyType

from infra.access.grants import (
    ADDS_ORIGINALS,
    ATTACHES,
    DOCUMENTS,
    FORWARDS,
    LEAVES_LARGE,
    LOADS,
    PUBLISHES,
    READS,
    STAGES_SALES,
    STARTS_DUE,
    STARTS_FORECASTS,
    WRITES,
    Grant,
)
from infra.called_functions import ATTACH, DECIDE, HOMES
from infra.function import Function, Pushed, Scheduled
from tillstream.model.events import (
    BATCH_RECEIVED,
    BATCH_SETTLED,
    BATCH_STAGED,
    DEAD_LETTERS,
    INBOX,
    SALES_RECEIVED,
    STAGING,
    TOPIC_BATCHES,
    TOPIC_OBJECTS,
    TOPIC_SALE_EVENTS,
)

EVENT_SECONDS = 540
"""A push subscription waits at most 600 for an answer."""
SCHEDULED_SECONDS = 1_800
"""The longest that Cloud Scheduler waits for an answer."""

ANNOUNCE = Function(
    "announce",
    "Publishes one event per changed line of a settlement",
    (Pushed("announce", TOPIC_BATCHES, BATCH_SETTLED),),
    memory="1Gi",
    cpu="1",
    concurrency=1,
    timeout=EVENT_SECONDS,
    least=0,
    most=3,
    why="Lines are read in batches of limited size, two of which are in memory at a time; building messages uses the "
    "whole core. Three instances, so that a long settlement does not delay short ones.",
    grants=(
        *READS,
        DOCUMENTS,
        Grant("roles/pubsub.publisher", "topic", TOPIC_SALE_EVENTS),
        Grant("roles/pubsub.viewer"),
    ),
)
PROJECT = Function(
    "project",
    "Adds new lines to the daily totals, recomputes those of days with changed lines, and refreshes stock levels",
    (Scheduled("*/15 * * * *"),),
    memory="1Gi",
    cpu="1",
    concurrency=1,
    timeout=EVENT_SECONDS,
    least=0,
    most=1,
    why="BigQuery does the work. Every 15 minutes and not after each settlement, because days with changed lines are "
    "read as a whole; until then, queries read the lines of these days. One instance, because each call processes all "
    "outdated days.",
    grants=(*WRITES, LOADS, DOCUMENTS),
)
RECEIVE = Function(
    "receive",
    "Pulls the sales of tills and forms, stores them as small files in the inbox, stages them, makes them visible, and "
    "starts their settlement",
    (Scheduled("* * * * *"),),
    memory="512Mi",
    cpu="1",
    concurrency=1,
    timeout=120,
    least=0,
    most=2,
    why="It stages at most 2,000 messages at a time, which takes half a second and 235 MiB. In the opening hours, a "
    "call runs for its whole minute, so that a sale is visible within seconds. The scheduler starts the next call when "
    "it has ended; the second instance is for a call by a person. It starts one settlement per minute, because each "
    "costs the same however few sales it adds.",
    grants=(
        Grant("roles/pubsub.subscriber", "subscription", "receive"),
        *READS,
        *ADDS_ORIGINALS,
        *STAGES_SALES,
    ),
    environment=MappingProxyType({"TILLSTREAM_RECEIVE_SECONDS": "58", "TILLSTREAM_BATCH_WAIT": "2"}),
)
SWEEP = Function(
    "sweep",
    "Resumes interrupted work; updates exchange rates and holidays; evaluates the rules of alerts; computes the "
    "restock queue; starts the jobs `forecast`, `reports`, `restock` and `connect` if something is due",
    (Scheduled("*/5 * * * *"),),
    memory="2Gi",
    cpu="1",
    concurrency=1,
    timeout=EVENT_SECONDS,
    least=0,
    most=1,
    why="It requests staging by event instead of staging itself, so it needs no more than a settlement. One instance, "
    "because a second one would do the same work.",
    grants=(
        *WRITES,
        LOADS,
        Grant("roles/storage.objectUser", "bucket", INBOX),
        Grant("roles/storage.objectUser", "bucket", STAGING),
        DOCUMENTS,
        PUBLISHES,
        LEAVES_LARGE,
        *STARTS_DUE,
        Grant("roles/pubsub.publisher", "topic", TOPIC_SALE_EVENTS),
        Grant("roles/pubsub.subscriber", "subscription", DEAD_LETTERS),
        Grant("roles/pubsub.viewer"),
    ),
)
COMPACT = Function(
    "compact",
    "Moves the changed flags of sale lines into the lines, and merges rows of daily totals, so that queries read less; "
    "then runs the quality checks of the changed days and of stock, and requests the job `forecast`",
    (Scheduled("30 1 * * *"),),
    memory="1Gi",
    cpu="1",
    concurrency=1,
    timeout=SCHEDULED_SECONDS,
    least=0,
    most=1,
    why="BigQuery does the work. Once a day, because BigQuery rewrites whole days for a few changed lines. One "
    "instance, because a second one would only conflict.",
    grants=(*WRITES, LOADS, DOCUMENTS, STARTS_FORECASTS),
)
INDEX = Function(
    "index",
    "Notes the sales of large settlements in the sale index, at the pace that Firestore accepts",
    (Scheduled("*/30 * * * *"),),
    memory="512Mi",
    cpu="1",
    concurrency=1,
    timeout=SCHEDULED_SECONDS,
    least=0,
    most=1,
    why="It reads and writes 10,000 pairs at a time, and mostly waits. Every 30 minutes, because a call ends after 25 "
    "and the next one continues. One instance, because the pace is that of the collection.",
    grants=(*READS, DOCUMENTS),
)
FORWARD = Function(
    "forward",
    "Sends sale events to webhooks",
    (Scheduled("* * * * *"),),
    memory="512Mi",
    cpu="1",
    concurrency=1,
    timeout=120,
    least=0,
    most=1,
    why="It mostly waits for receivers, at most 20 webhooks with four requests each. A call runs for most of its "
    "minute, so that an event is sent within seconds, and ends at once if there is no active webhook. One instance, "
    "because two would send the events of a store in any order.",
    grants=(FORWARDS, ATTACHES, DOCUMENTS),
)


def _object_viewer(bucket: str) -> Grant:
    return Grant("roles/storage.objectViewer", "bucket", bucket)


STAGE = Function(
    "stage",
    "Reads an uploaded file, checks it and writes its rows as Parquet",
    (
        Pushed("objects", TOPIC_OBJECTS),
        Pushed("stage", TOPIC_BATCHES, BATCH_RECEIVED),
    ),
    memory="4Gi",
    cpu="2",
    concurrency=1,
    timeout=EVENT_SECONDS,
    least=0,
    most=10,
    why="Files are read in blocks, so memory does not grow with their size, but the largest allowed workbook takes "
    "2 GB; the second core checks one block while the next is read. One file per instance, because two would share "
    "the memory. Ten instances have the 20 vCPUs and 40 GiB that a new project may use "
    "for one service; Cloud Run refuses more.",
    grants=(_object_viewer(INBOX), Grant("roles/storage.objectUser", "bucket", STAGING), *READS, DOCUMENTS, PUBLISHES),
)
SALES = Function(
    "sales",
    "Stages micro-batches of store sales whose staging in `receive` failed or was interrupted",
    (Pushed("sales", TOPIC_BATCHES, SALES_RECEIVED),),
    memory="512Mi",
    cpu="1",
    concurrency=1,
    timeout=EVENT_SECONDS,
    least=0,
    most=5,
    why="A micro-batch has at most 2,000 sales, takes half a second and 235 MiB. In `stage`, which has the memory of "
    "the largest workbook, each second costs twice as much. Five instances, for the backlog after an interruption.",
    grants=(_object_viewer(INBOX), *STAGES_SALES),
)
SETTLE = Function(
    "settle",
    "Commits staged batches to the ledger, many in one transaction",
    (Pushed("settle", TOPIC_BATCHES, BATCH_STAGED),),
    memory="2Gi",
    cpu="1",
    concurrency=1,
    timeout=EVENT_SECONDS,
    least=0,
    most=1,
    why="It settles in memory, on the part of the ledger that the arriving sales can touch: about 1 GB for 500,000 "
    "lines, and it leaves more to the job `settle-large`. Only one settlement can "
    "commit at a time, so a second instance would only conflict; batches staged during a settlement are committed "
    "together by the next one. Files start it when they are staged, store sales once a minute.",
    grants=(*WRITES, _object_viewer(STAGING), DOCUMENTS, PUBLISHES, LEAVES_LARGE),
)

FUNCTIONS = (SALES, RECEIVE, STAGE, SETTLE, ANNOUNCE, PROJECT, SWEEP, COMPACT, INDEX, FORWARD, DECIDE, HOMES, ATTACH)
"""In the order in which they are deployed: `stage` leaves to `sales` what `receive` publishes."""
