"""How long a first deploy takes, computed from the seconds of each call.

The seconds are assumptions about an ordinary project, from Google's documentation and experience with each command.
They do not contain waits for new accounts, which take up to seven minutes in a bad hour.
"""

from collections.abc import Sequence

from infra.order import WORKERS, queue
from infra.resource import Command, Resource, Retired

OTHER_CALL = 3.0
"""Seconds of a call that is not listed: gcloud starts in one second, and most services answer in one or two."""
CALLS: dict[tuple[str, ...], float] = {
    ("services", "enable"): 60.0,
    ("beta", "services", "identity", "create"): 8.0,
    ("iam", "service-accounts", "create"): 4.0,
    ("firestore", "databases", "create"): 30.0,
    ("artifacts", "repositories", "create"): 12.0,
    ("deploy", "migrate"): 60.0,
    ("deploy", "index"): 10.0,
    ("deploy", "reports"): 60.0,
    ("builds", "submit"): 330.0,
    ("run", "deploy"): 35.0,
    ("run", "jobs", "deploy"): 15.0,
}
"""First words of a call → seconds. The build installs 150 packages and pushes an image of 700 MB."""
READING = 20.0
"""Seconds in which the state of a project without enabled services is read."""


def call_seconds(command: Command) -> float:
    matches = (seconds for words, seconds in CALLS.items() if command.words[: len(words)] == words)
    return next(matches, OTHER_CALL) + OTHER_CALL * len(command.answers)


def first_deploy(resources: Sequence[Resource], workers: int = WORKERS) -> tuple[float, list[str]]:
    """Seconds of a deploy to an empty project, and the chain of steps that takes them."""
    changing = [each for each in resources if not isinstance(each, Retired)]
    seconds = {each.title: sum(map(call_seconds, each.commands(None))) for each in changing}
    waiting, now = queue(resources, changing), READING
    running: dict[str, float] = {}
    cause: dict[str, str] = {}
    last = ""
    while True:
        for title in waiting.start(running, workers):
            running[title], cause[title] = now + seconds[title], last
        if not running:
            return now, _chain(last, cause)
        last = min(running, key=lambda title: running[title])
        now = running.pop(last)
        waiting.finish(last)


def _chain(last: str, cause: dict[str, str]) -> list[str]:
    chain = []
    while last:
        chain.append(last)
        last = cause[last]
    return chain[::-1]
