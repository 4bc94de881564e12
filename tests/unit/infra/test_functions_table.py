"""The table of functions: sizes that Cloud Run accepts, and a function for every event."""

import re

import pytest

from infra.function import Function, Pushed, Scheduled
from infra.functions import EVENT_SECONDS, FUNCTIONS, SCHEDULED_SECONDS
from tillstream.handlers import ROUTES
from tillstream.model.events import OBJECT_FINALIZED, SALES_STAGED, TOPIC_OBJECTS


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda function: function.name)
def test_a_size_is_one_that_cloud_run_takes(function: Function) -> None:
    mebibytes = {"Mi": 1, "Gi": 1024}[function.memory[-2:]] * int(function.memory[:-2])
    cpu = float(function.cpu)
    assert 128 <= mebibytes <= 4096 * max(cpu, 1)
    assert cpu >= 1 or (function.concurrency == 1 and mebibytes <= 1024)
    scheduled = all(isinstance(trigger, Scheduled) for trigger in function.triggers)
    assert function.timeout <= (SCHEDULED_SECONDS if scheduled else EVENT_SECONDS)
    assert 0 <= function.least <= function.most
    assert re.fullmatch(r"[a-z][a-z0-9-]{4,28}[a-z0-9]", function.account)
    assert function.does
    assert function.why.endswith(".")


def test_every_event_type_has_a_function() -> None:
    pushed = [one for one in triggers() if isinstance(one, Pushed)]
    event_types = {OBJECT_FINALIZED if one.topic == TOPIC_OBJECTS else one.type for one in pushed}
    assert set(ROUTES) <= event_types | {SALES_STAGED}  # in a cloud, `receive` starts the settlements of store sales


def test_no_two_subscriptions_share_a_name_and_each_schedule_has_five_fields() -> None:
    names = [one.subscription for one in triggers() if isinstance(one, Pushed)]
    assert len(names) == len(set(names))
    assert all(len(one.cron.split()) == 5 for one in triggers() if isinstance(one, Scheduled))


def test_no_account_is_owner_editor_or_administrator() -> None:
    roles = {grant.role for function in FUNCTIONS for grant in function.grants}
    assert not [role for role in roles if re.search(r"owner|/editor|admin", role, re.IGNORECASE)]


def triggers() -> list[Pushed | Scheduled]:
    return [trigger for function in FUNCTIONS for trigger in function.triggers]
