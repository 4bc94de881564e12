"""Cloud Scheduler: jobs that call a function, with a token of the scheduler's account."""

from infra.resource import Resource, StateQuery, gcloud, last
from infra.stage import Stage

API = "cloudscheduler.googleapis.com"


def job(stage: Stage, name: str, cron: str, to: str, as_: str, seconds: int) -> Resource:
    """A job. Failed calls are not retried, because the next scheduled call follows soon."""
    options = (
        name,
        f"--location={stage.region}",
        f"--schedule={cron}",
        "--time-zone=Etc/UTC",
        f"--uri={to}",
        "--http-method=POST",
        f"--oidc-service-account-email={as_}",
        f"--oidc-token-audience={to}",
        f"--attempt-deadline={seconds}s",
    )
    return Resource(
        "schedule",
        name,
        StateQuery(("scheduler", "jobs", "list", f"--location={stage.region}"), last(), API),
        {
            "schedule": cron,
            "timeZone": "Etc/UTC",
            "state": "ENABLED",
            "attemptDeadline": f"{seconds}s",
            "httpTarget": {
                "uri": to,
                "httpMethod": "POST",
                "oidcToken": {"serviceAccountEmail": as_, "audience": to},
            },
        },
        create=(gcloud("scheduler", "jobs", "create", "http", *options),),
        change=(
            gcloud("scheduler", "jobs", "update", "http", *options),
            gcloud("scheduler", "jobs", "resume", name, f"--location={stage.region}"),
        ),
        remove=(gcloud("scheduler", "jobs", "delete", name, f"--location={stage.region}"),),
    )
