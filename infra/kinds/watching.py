"""Cloud Logging and Monitoring: figures made of log lines, the check that the portal answers, alerts, who is told."""

import json
from collections.abc import Mapping
from typing import Any

from infra.resource import FILES, Ask, Command, Resource, gcloud

LOGS, MONITORING = "logging.googleapis.com", "monitoring.googleapis.com"
METRICS = Ask(("logging", "metrics", "list"), lambda item: str(item["name"]), LOGS)
POLICIES = Ask(("alpha", "monitoring", "policies", "list"), lambda item: str(item["displayName"]), MONITORING)
CHANNELS = Ask(("beta", "monitoring", "channels", "list"), lambda item: str(item["displayName"]), MONITORING)
CHECKS = Ask(("monitoring", "uptime", "list-configs"), lambda item: str(item["displayName"]), MONITORING)


def metric(name: str, config: Mapping[str, Any]) -> Resource:
    """A figure made of log lines."""
    file = f"{name}.metric.json"
    files = {file: json.dumps({"name": name, **config}, indent=1)}
    given = (name, f"--config-from-file={FILES}/{file}")
    return Resource(
        "figure of logs",
        name,
        METRICS,
        config,
        create=(gcloud("logging", "metrics", "create", *given, files=files),),
        change=(gcloud("logging", "metrics", "update", *given, files=files),),
        remove=(gcloud("logging", "metrics", "delete", name),),
    )


def channel(email: str) -> Resource:
    """Who is mailed."""
    name = f"Tillstream: {email}"
    given = (f"--display-name={name}", "--type=email", f"--channel-labels=email_address={email}")
    return Resource(
        "channel",
        name,
        CHANNELS,
        {"type": "email", "enabled": True, "labels": {"email_address": email}},
        create=(gcloud("beta", "monitoring", "channels", "create", *given),),
        change=(_updated(("beta", "monitoring", "channels"), name, "--enabled"),),
        remove=(_named(("beta", "monitoring", "channels"), "delete", name),),
    )


def uptime(host: str, path: str) -> Resource:
    """Asks from several places of the world once a minute."""
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
                *(f"--resource-labels=host={host}", f"--path={path}", "--protocol=https", "--period=1", "--timeout=10"),
            ),
        ),
        change=(_updated(("monitoring", "uptime"), name, f"--path={path}", "--period=1", "--timeout=10"),),
        remove=(_named(("monitoring", "uptime"), "delete", name, "list-configs"),),
        fixed=frozenset({"monitoredResource"}),
    )


def alert(wanted: Mapping[str, Any], channel_name: str = "") -> Resource:
    """A policy as Monitoring spells it; told to the channel of that name."""
    name = wanted["displayName"]
    file = f"{name.partition(': ')[2].replace(' ', '-')}.alert.json"
    files = {file: json.dumps(wanted, indent=1)}
    answers: dict[str, tuple[str, ...]] = {}
    told: tuple[str, ...] = ()
    if channel_name:
        answers = {"channel": _name_of(("beta", "monitoring", "channels"), channel_name)}
        told = ("--notification-channels", "{channel}")
    made = ("alpha", "monitoring", "policies", "create", f"--policy-from-file={FILES}/{file}", *told)
    change = ("alpha", "monitoring", "policies", "update", "{name}", f"--policy-from-file={FILES}/{file}")
    named = {"name": _name_of(("alpha", "monitoring", "policies"), name)}
    return Resource(
        "alert",
        name,
        POLICIES,
        wanted,
        create=(Command(made, files, answers=answers),),
        change=(Command(change, files, answers=named),),
        remove=(_named(("alpha", "monitoring", "policies"), "delete", name),),
    )


def _name_of(group: tuple[str, ...], shown: str, list_: str = "list") -> tuple[str, ...]:
    """Monitoring gives names of numbers; what people call a thing is its displayName."""
    return (*group, list_, f'--filter=displayName="{shown}"', "--limit=1", "--format=value(name)")


def _named(group: tuple[str, ...], verb: str, shown: str, list_: str = "list") -> Command:
    return Command((*group, verb, "{name}"), answers={"name": _name_of(group, shown, list_)})


def _updated(group: tuple[str, ...], shown: str, *words: str) -> Command:
    list_ = "list-configs" if "uptime" in group else "list"
    return Command((*group, "update", "{name}", *words), answers={"name": _name_of(group, shown, list_)})
