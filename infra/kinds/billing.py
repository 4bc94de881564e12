"""A budget in Cloud Billing: e-mail when this month's costs of the project reach parts of it."""

from collections.abc import Iterator

from infra.kinds.watching import channel_name
from infra.resource import Command, Resource, StateQuery
from infra.stage import Stage

API = "billingbudgets.googleapis.com"
BUDGETS = ("billing", "budgets")
PARTS = (0.5, 0.9, 1.0)
NO_BUDGET = (
    "There is no budget alert. To get one, set BILLING_ACCOUNT and BUDGET_MONTHLY in the stage's file; you need "
    "roles/billing.costsManager on the billing account."
)


def skipped(stage: Stage) -> list[str]:
    """The sentence about a budget that the stage does not declare."""
    return [] if _is_declared(stage) else [NO_BUDGET]


def budgets(stage: Stage, channel: str = "") -> Iterator[Resource]:
    """The budget, if the stage declares one. channel: the display name of the notification channel of alerts.

    Owners of the billing account get its e-mail too.
    """
    if not _is_declared(stage):
        return
    account, amount = stage["BILLING_ACCOUNT"], stage["BUDGET_MONTHLY"]
    name, of_account = f"Tillstream {stage.project}", f"--billing-account={account}"
    options: tuple[str, ...] = (
        f"--budget-amount={amount}",
        f"--filter-projects=projects/{stage.project}",
        "--calendar-period=month",
    )
    answers: dict[str, tuple[str, ...]] = {}
    if channel:
        options = (*options, "--notifications-rule-monitoring-notification-channels", "{channel}")
        answers = {"channel": channel_name(channel)}
    rules = tuple(f"-threshold-rule=percent={part}" for part in PARTS)
    query = (*BUDGETS, "list", of_account)
    lookup = {"name": (*query, f'--filter=displayName="{name}"', "--format=value(name.basename())")}
    create = (*BUDGETS, "create", of_account, f"--display-name={name}", *options, *(f"-{rule}" for rule in rules))
    change = (*BUDGETS, "update", "{name}", of_account, *options)
    remove = (*BUDGETS, "delete", "{name}", of_account)
    yield Resource(
        "budget",
        name,
        StateQuery(query, lambda item: str(item["displayName"]), API),
        {
            "amount": {"specifiedAmount": {"units": amount}},
            "budgetFilter": {"projects": [f"projects/{stage.number}"], "calendarPeriod": "MONTH"},
            "thresholdRules": [{"thresholdPercent": part} for part in PARTS],
        },
        create=(Command(create, answers=answers),),
        change=(
            Command((*change, "--clear-threshold-rules"), answers=answers | lookup),
            Command((*BUDGETS, "update", "{name}", of_account, *(f"--add{rule}" for rule in rules)), answers=lookup),
        ),
        remove=(Command(remove, answers=lookup),),
    )


def _is_declared(stage: Stage) -> bool:
    return bool(stage.values.get("BILLING_ACCOUNT") and stage.values.get("BUDGET_MONTHLY"))
