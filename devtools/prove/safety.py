"""Steps about safety: each person sees their rows, what fails is a dead letter, and a backup can be restored."""

from collections.abc import Sequence

from devtools.prove.proof import BY, RUNS_AS, Facts, Proof, expect, impersonation, run_all, wait_for
from infra.access import accounts as service_accounts
from infra.functions import FUNCTIONS
from infra.jobs import JOBS
from infra.kinds.pubsub import in_seconds
from infra.resource import Command, gcloud
from infra.stage import Stage
from tillstream.app.google import project_tables
from tillstream.model.errors import Rejected
from tillstream.model.events import BATCH_RECEIVED, DEAD_LETTERS, TOPIC_BATCHES
from tillstream.model.permissions import Role
from tillstream.operations import message_queues
from tillstream.people import accounts, warehouse_scopes
from tillstream.ports.bus import RetryPolicy

PEOPLE: dict[str, tuple[Role, tuple[str, ...]] | None] = {
    "prove-manager": (Role.MANAGER, ("UK",)),
    "prove-analyst": (Role.ANALYST, ()),
    "prove-unknown": None,
}
"""Service account → the role and regions of its Tillstream account; None: it has none."""
FAILING = "stage"
"""The subscription that gets a message that no function can read."""
UNREADABLE = '{"batch_id": '
DIES_WITHIN = 240.0
REGIONS = "SELECT region FROM `{dataset}.fact_sales` GROUP BY region ORDER BY region"


def people_commands(stage: Stage) -> list[Command]:
    """Create three service accounts that the operator may impersonate, and that may run queries."""
    commands = []
    for name in PEOPLE:
        member = f"--member=serviceAccount:{stage.account(name)}"
        commands += [
            gcloud("iam", "service-accounts", "create", name),
            impersonation(stage, name),
            gcloud(
                *("projects", "add-iam-policy-binding", stage.project, member),
                *("--role=roles/bigquery.jobUser", "--condition=None"),
            ),
        ]
    return commands


def people(proof: Proof) -> Facts:
    """Ask for the regions of sales as three people: of one region, of all regions, and without an account."""
    stage, ports = proof.stage, proof.app.ports
    run_all(proof, people_commands(stage))
    for name, account in PEOPLE.items():
        if account and stage.account(name) not in {user.login for user in accounts.all_users(ports)}:
            accounts.add_account(ports, stage.account(name), name, account[0], regions=account[1], by=BY)
    warehouse_scopes.sync_user_scopes(ports)
    readers = [f"serviceAccount:{stage.account(name)}" for name in PEOPLE]
    every = [stage.account(spec.account) for spec in (*FUNCTIONS, *JOBS)]
    every.append(stage.account(service_accounts.PORTAL))
    project_tables.publish_reporting_views(proof.app.settings, stage["REPORTS_DATASET"], readers, every)
    manager, analyst, unknown = (_regions(proof, name) for name in PEOPLE)
    expect(manager, ["UK"], "Regions of the manager of the UK")
    expect(unknown, [], "Regions of somebody without an account")
    if "UK" not in analyst or len(analyst) < 2:
        raise Rejected(f"The analyst of all regions sees {analyst}.")
    return {"manager": manager, "analyst": analyst, "without an account": unknown}


def _regions(proof: Proof, name: str) -> list[str]:
    query = REGIONS.format(dataset=f"{proof.stage.project}.{proof.stage['REPORTS_DATASET']}")
    return [row["region"] for row in proof.project.rows_as(proof.stage.account(name), query)]


# ---- dead letters ----------------------------------------------------------------------------------------------------


def dead_letter_commands(_: Stage) -> list[Command]:
    """Shorten the tries of a subscription, publish a message that no function can read, and restore the tries."""
    publish = ("pubsub", "topics", "publish", TOPIC_BATCHES, f"--message={UNREADABLE}")
    return [
        _tries(5, RetryPolicy.minimum),
        gcloud(*publish, f"--attribute=type={BATCH_RECEIVED}"),
        _tries(RetryPolicy.attempts, RetryPolicy.maximum),
    ]


def _tries(attempts: int, longest: float) -> Command:
    delays = (f"--min-retry-delay={in_seconds(RetryPolicy.minimum)}", f"--max-retry-delay={in_seconds(longest)}")
    limit = (f"--dead-letter-topic={DEAD_LETTERS}", f"--max-delivery-attempts={attempts}")
    return gcloud("pubsub", "subscriptions", "update", FAILING, *limit, *delays)


def dead(proof: Proof) -> Facts:
    """A message that fails becomes a dead letter, is listed, and can be sent again."""
    shorten, publish, restore = dead_letter_commands(proof.stage)
    ports = proof.app.ports
    proof.project.do(shorten)
    proof.project.do(publish)

    def ours() -> list[str]:
        return [
            letter.id
            for letter in message_queues.find_dead_letters(ports)
            if letter.message.body == UNREADABLE.encode()
        ]

    seconds = wait_for(lambda: bool(ours()), "The message is a dead letter", DIES_WITHIN)
    ids = ours()
    expect(message_queues.resend_dead_letters(ports, ids, BY), len(ids), "Messages sent again")
    expect(ours(), [], "Dead letters after they were sent again")
    proof.project.do(restore)
    return {"seconds until it is listed": round(seconds), "sent again": len(ids)}


# ---- backup ----------------------------------------------------------------------------------------------------------


def backup_address(stage: Stage) -> str:
    return f"gs://{stage.project}-tillstream-{stage.name}-backup"


def restore_commands(stage: Stage) -> list[Command]:
    """Stop the writers, back up and restore as the account of a function, and resume the writers."""
    bucket = backup_address(stage)
    member = f"--member=serviceAccount:{stage.account(RUNS_AS)}"
    return [
        gcloud("storage", "buckets", "create", bucket, f"--location={stage.region}", "--uniform-bucket-level-access"),
        gcloud("storage", "buckets", "add-iam-policy-binding", bucket, member, "--role=roles/storage.objectAdmin"),
        impersonation(stage, RUNS_AS),
        *_schedules(stage, "pause"),
        Command(("backup", f"{bucket}/{BY}"), program="tillstream"),
        Command(("restore", f"{bucket}/{BY}", "--replace"), program="tillstream"),
        *_schedules(stage, "resume"),
    ]


def restore(proof: Proof) -> Facts:
    """Back up and restore the project: its figures stay."""
    path = "/api/kpis"
    before, _ = proof.api("GET", path)
    run_all(proof, restore_commands(proof.stage))
    after, _ = proof.api("GET", path)
    names = ("lines", "units", "revenue")
    expect([after[name] for name in names], [before[name] for name in names], "Figures after the restore")
    return {name: after[name] for name in names}


def _schedules(stage: Stage, verb: str) -> Sequence[Command]:
    return [gcloud("scheduler", "jobs", verb, name, f"--location={stage.region}") for name in ("sweep", "receive")]
