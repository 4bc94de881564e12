"""What a test does on a page waits until a form that was sent before has its answer.

Playwright waits for what a click opens only if it begins at once. A form asks for the session first, and Chromium sends
it in a task of its own: what a test does in between would go to the page that is about to be left, or keep the form
from being sent.
"""

import functools
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Locator, Page

UNANSWERED = "body:not(:has(#signed-out[open])) form[aria-busy=true]"
"""A form that has been sent; one whose session has ended waits for the person instead."""
ACTIONS = {
    Page: ("goto", "reload", "go_back", "go_forward"),
    Locator: (
        *("check", "click", "dblclick", "fill", "focus", "press"),
        *("press_sequentially", "select_option", "set_input_files", "uncheck"),
    ),
}


def act_after_answers(patch: pytest.MonkeyPatch) -> None:
    """Make the actions of Playwright wait for the answer to a form."""
    for kind, names in ACTIONS.items():
        for name in names:
            patch.setattr(kind, name, _after_answer(getattr(kind, name)))


def _after_answer(action: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(action)
    def act(target: Page | Locator, *arguments: Any, **options: Any) -> Any:
        page = target if isinstance(target, Page) else target.page
        page.locator(UNANSWERED).first.wait_for(state="detached")
        return action(target, *arguments, **options)

    return act
