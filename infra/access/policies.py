"""The policy of each resource: the command group that changes it, and the members that it manages."""

from collections.abc import Iterable
from dataclasses import replace

from infra.access import accounts
from infra.access.accounts import On
from infra.kinds import bigquery, iam, pubsub, run, secrets, storage
from infra.kinds.iam import Policy, Role, policy_query
from infra.resource import Resource
from infra.stage import Stage


def policy_on(stage: Stage, target: On, roles: Iterable[Role], resource: Resource | None) -> Policy:
    """The policy with these roles. resource: that of the target; None for the project."""
    managed = {f"serviceAccount:{stage.account(name)}" for name in accounts.accounts()}
    if target.kind in {"dataset", "loading"} and resource:
        return bigquery.access(stage.project, resource, roles, managed)
    group, on, api = {
        "project": (("projects",), (stage.project,), "cloudresourcemanager.googleapis.com"),
        "bucket": (("storage", "buckets"), (f"gs://{resource.name if resource else ''}",), storage.API),
        "topic": (("pubsub", "topics"), (target.name,), pubsub.API),
        "subscription": (("pubsub", "subscriptions"), (target.name,), pubsub.API),
        "account": (("iam", "service-accounts"), (stage.account(target.name),), iam.API),
        "secret": (("secrets",), (target.name,), secrets.API),
        "repository": (("artifacts", "repositories"), (target.name, f"--location={stage.region}"), run.REGISTRY),
        "function": (("run", "services"), (target.name, f"--region={stage.region}"), run.API),
        "job": (("run", "jobs"), (target.name, f"--region={stage.region}"), run.API),
        "portal": (("run", "services"), ("portal", f"--region={stage.region}"), run.API),
    }[target.kind]
    title = f"of {target.kind} {target.name}".rstrip()
    policy = iam.policy(title, policy_query(group, on, api), roles, managed, group, on, within=resource)
    return replace(policy, managed_roles=frozenset({accounts.QUERIES})) if target.kind == "project" else policy


def target_of(stage: Stage, resource: Resource) -> On:
    """The target of roles that a resource is; buckets have their logical name."""
    if resource.kind == "dataset" and resource.name == stage["DATASET"]:
        return On("dataset")
    if resource.kind == "dataset" and resource.name == accounts.loading(stage):
        return On("loading")
    if resource.kind == "bucket":
        logical = {stage.bucket(name): name for name in ("inbox", "staging", "source")}
        return On("bucket", logical[resource.name])
    return On(resource.kind, resource.name)
