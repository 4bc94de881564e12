"""Cloud Logging and Monitoring: metrics of log lines, the uptime check, alerts and their recipients, the dashboard."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from infra.resource import FILES, Command, Resource, StateQuery, gcloud

LOGS, MONITORING = "logging.googleapis.com", "monitoring.googleapis.com"
METRICS = StateQuery(("logging", "metrics", "list"), lambda item: str(item["name"]), LOGS)
POLICIES = StateQuery(("alpha", "monitoring", "policies", "list"), lambda item: str(item["displayName"]), MONITORING)
CHANNELS = StateQuery(("beta", "monitoring", "channels", "list"), lambda item: str(item["displayName"]), MONITORING)
CHECKS = StateQuery(("monitoring", "uptime", "list-configs"), lambda item: str(item["displayName"]), MONITORING)

DASHBOARDS = StateQuery(("monitoring", "dashboards", "list"), lambda item: str(item["displayName"]), MONITORING)


def metric(name: str, config: Mapping[str, Any]) -> Resource:
    """A log-based metric."""
    file = f"{name}.metric.json"
    files = {file: json.dumps({"name": name, **config}, indent=1)}
    options = (name, f"--config-from-file={FILES}/{file}")
    return Resource(
        "figure of logs",
        name,
        METRICS,
        config,
        create=(gcloud("logging", "metrics", "create", *options, files=files),),
        change=(gcloud("logging", "metrics", "update", *options, files=files),),
        remove=(gcloud("logging", "metrics", "delete", name),),
    )


def channel(email: str) -> Resource:
    """An email notification channel."""
    name = f"Tillstream: {email}"
    options = (f"--display-name={name}", "--type=email", f"--channel-labels=email_address={email}")
    return Resource(
        "channel",
        name,
        CHANNELS,
        {"type": "email", "enabled": True, "labels": {"email_address": email}},
        create=(gcloud("beta", "monitoring", "channels", "create", *options),),
        change=(_update(("beta", "monitoring", "channels"), name, "--enabled"),),
        remove=(_by_name(("beta", "monitoring", "channels"), "delete", name),),
    )


def uptime(project: str, host: str, path: str) -> Resource:
    """A check from several regions of the world, once a minute."""
    name = "Tillstream portal"
    wanted = {"period": "60s", "timeout": "10s", "httpCheck": {"path": path, "useSsl": True}}
    return Resource(
        "check",
        name,
        CHECKS,
        wanted | {"monitoredResource": {"type": "uptime_url", "labels": {"host": host}}},
        create=(
            gcloud(
                *("monitoring", "uptime", "create", name, "--resource-type=uptime-url"),
                *(
                    f"--resource-labels=host={host},project_id={project}",
                    f"--path={path}",
                    "--protocol=https",
                    "--period=1",
                    "--timeout=10",
                ),
            ),
        ),
        change=(_update(("monitoring", "uptime"), name, f"--path={path}", "--period=1", "--timeout=10"),),
        remove=(_by_name(("monitoring", "uptime"), "delete", name, "list-configs"),),
        fixed=frozenset({"monitoredResource"}),
    )


def alert(wanted: Mapping[str, Any], recipient: str = "") -> Resource:
    """An alert policy in the format of Cloud Monitoring, sent to the channel of that name; empty: to none.

    Channels have numeric names, so a label with a digest of the recipient shows whether an existing alert has the
    right one. An update replaces the whole policy, including its channels.
    """
    name = wanted["displayName"]
    wanted = {**wanted, "userLabels": {"recipient": hashlib.sha256(recipient.encode()).hexdigest()[:16]}}
    file = f"{name.partition(': ')[2].replace(' ', '-')}.alert.json"
    files = {file: json.dumps(wanted, indent=1)}
    answers: dict[str, tuple[str, ...]] = {}
    first: tuple[str, ...] = ()
    replaced: tuple[str, ...] = ("--clear-notification-channels",)
    if recipient:
        answers = {"channel": channel_name(recipient)}
        first, replaced = ("--notification-channels", "{channel}"), ("--set-notification-channels", "{channel}")
    create = ("alpha", "monitoring", "policies", "create", f"--policy-from-file={FILES}/{file}", *first)
    change = ("alpha", "monitoring", "policies", "update", "{name}", f"--policy-from-file={FILES}/{file}", *replaced)
    lookup = answers | {"name": _name_of(("alpha", "monitoring", "policies"), name)}
    return Resource(
        "alert",
        name,
        POLICIES,
        wanted,
        create=(Command(create, files, answers=answers),),
        change=(Command(change, files, answers=lookup),),
        remove=(_by_name(("alpha", "monitoring", "policies"), "delete", name),),
    )


def dashboard(wanted: Mapping[str, Any]) -> Resource:
    """A dashboard in the format of Cloud Monitoring. An update requires its latest etag, so a change recreates it."""
    name, file = wanted["displayName"], "dashboard.json"
    group, files = ("monitoring", "dashboards"), {file: json.dumps(wanted, indent=1)}
    create = gcloud(*group, "create", f"--config-from-file={FILES}/{file}", files=files)
    delete = _by_name(group, "delete", name)
    return Resource("dashboard", name, DASHBOARDS, wanted, create=(create,), change=(delete, create), remove=(delete,))


def channel_name(display_name: str) -> tuple[str, ...]:
    """The query of the name that Monitoring assigned to a channel."""
    return _name_of(("beta", "monitoring", "channels"), display_name)


def _name_of(group: tuple[str, ...], display_name: str, list_: str = "list") -> tuple[str, ...]:
    """Monitoring assigns numeric names; the displayName is the readable one."""
    return (*group, list_, f'--filter=displayName="{display_name}"', "--format=value(name)")


def _by_name(group: tuple[str, ...], verb: str, display_name: str, list_: str = "list") -> Command:
    return Command((*group, verb, "{name}"), answers={"name": _name_of(group, display_name, list_)})


def _update(group: tuple[str, ...], display_name: str, *words: str) -> Command:
    list_ = "list-configs" if "uptime" in group else "list"
    return Command((*group, "update", "{name}", *words), answers={"name": _name_of(group, display_name, list_)})
