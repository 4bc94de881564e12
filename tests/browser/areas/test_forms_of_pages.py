"""Forms: a second click does nothing more, and what was entered is still there after an error."""

import threading
import time
from collections.abc import Iterable
from typing import TYPE_CHECKING

import pytest
from live_server import Served, sign_in_at
from playwright.sync_api import Page, Route, expect
from waiting import wait_for
from werkzeug.wrappers import Request

from examples import one_in
from tillstream.explore import annotations
from tillstream.model.people import UNRESTRICTED

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

pytestmark = pytest.mark.browser
ANSWERED_WITHIN = 60.0
"""Seconds."""


class SlowPosts:
    """The portal, whose answers to posts are held until `release`."""

    def __init__(self, served: Served) -> None:
        self.paths: list[str] = []
        self.release = threading.Event()
        self._app = served.portal.wsgi_app
        served.portal.wsgi_app = self  # type: ignore[method-assign]

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        answer = self._app(environ, start_response)
        if environ["REQUEST_METHOD"] == "POST":
            self.paths.append(Request(environ).path)
            self.release.wait(ANSWERED_WITHIN)
        return answer


def test_a_second_click_while_the_answer_is_under_way_adds_nothing(page: Page, served: Served) -> None:
    sign_in_at(page, served, "/annotations")
    page.get_by_label("Day").fill("2026-06-03")
    page.get_by_label("What happened").fill("Street market")
    slow = SlowPosts(served)
    add = page.get_by_role("button", name="Add annotation")
    at = add.bounding_box()
    assert at is not None
    page.mouse.click(at["x"] + 8, at["y"] + 8)  # a click on the locator would wait for the answer
    wait_for(lambda: slow.paths, "the form at the server")
    with page.expect_response("**/session"):  # what every form does before it is sent
        page.mouse.click(at["x"] + 8, at["y"] + 8)
    page.wait_for_timeout(200)
    slow.release.set()
    expect(page.get_by_text("Annotation added.")).to_be_visible()
    assert slow.paths == ["/annotations"]
    assert [one.text for one in annotations.annotations_between(served.app.ports, UNRESTRICTED)] == ["Street market"]
    assert served.page_errors == []


@pytest.mark.parametrize("delay", one_in(2, [0, 2]))
def test_after_an_error_the_form_has_what_was_entered(page: Page, served: Served, delay: int) -> None:
    sign_in_at(page, served, "/annotations")
    page.wait_for_load_state()  # nobody enters anything before the scripts of the page run
    answer = served.portal.wsgi_app

    def on_a_slow_network(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        if "kept_form" in environ["PATH_INFO"]:
            time.sleep(delay)
        return answer(environ, start_response)

    served.portal.wsgi_app = on_a_slow_network  # type: ignore[method-assign]
    page.route("**/kept_form.js*", lambda route: route.continue_())  # the browser then keeps no copy of it
    page.get_by_label("Day").fill("2026-06-03")
    page.get_by_label("What happened").fill("   ")
    page.get_by_role("button", name="Add annotation").click()
    page.get_by_role("link", name="Back to the previous page").click()
    expect(page.get_by_label("Day")).to_have_value("2026-06-03")
    page.wait_for_load_state()
    page.get_by_label("What happened").fill("Street market")
    page.get_by_role("button", name="Add annotation").click()
    expect(page.get_by_text("Annotation added.")).to_be_visible()
    page.goto(f"{served.address}/annotations")  # after a success, the form is empty
    expect(page.get_by_label("Day")).to_have_value("")


PARTS = """<form method="post" action="/refused"><input type="hidden" name="list" value="costs">
  <button>Remove</button></form>
<form method="post" action="/refused"><input type="hidden" name="list" value="costs"><input name="amount"
  aria-label="Cost"><button>Add cost</button></form>
<form method="post" action="/refused"><input type="hidden" name="csrf_token" value="{number}">
  <input type="hidden" name="list" value="prices"><input name="amount" aria-label="Price">
  <input name="units" value="{number}" aria-label="Units"><select name="day" aria-label="Day"><option>Monday
  <option {selected}>Tuesday</select><input type="password" name="secret" aria-label="Secret">
  <button>Add price</button><button formaction="/refused/test">Test</button></form>"""
"""Forms with one address, and what the server suggests in one of them: another value each time."""


@pytest.mark.parametrize("button", ["Add price", "Test"])
def test_only_what_the_person_changed_comes_back_and_in_its_own_form(page: Page, served: Served, button: str) -> None:
    suggested = iter(((10, ""), (25, "selected")))

    def answer(route: Route) -> None:
        if route.request.method == "POST":
            served_page = error
        else:
            number, selected = next(suggested)
            served_page = annotations_page.replace(
                "</main>", PARTS.format(number=number, selected=selected) + "</main>"
            )
        route.fulfill(status=200, content_type="text/html", body=served_page)

    sign_in_at(page, served, "/annotations")
    expect(page.get_by_role("button", name="Add annotation")).to_be_visible()
    annotations_page = page.request.get(f"{served.address}/annotations").text()
    error = annotations_page.replace("<html ", "<html data-failed ").replace("</main>", "<h1>Not possible</h1></main>")
    for address in ("**/parts", "**/refused", "**/refused/test"):
        page.route(address, answer)
    page.goto(f"{served.address}/parts")
    page.get_by_label("Price").fill("7.50")
    page.get_by_label("Secret").fill("xyz")
    page.get_by_role("button", name=button, exact=True).click()
    expect(page.get_by_role("heading", name="Not possible")).to_be_visible()
    page.wait_for_function("JSON.parse(sessionStorage.getItem('entered')).failed")  # its scripts ran
    assert "xyz" not in page.evaluate("sessionStorage.getItem('entered')")
    page.goto(f"{served.address}/parts")
    expect(page.get_by_label("Price")).to_have_value("7.50")
    expect(page.get_by_label("Cost")).to_have_value("")
    expect(page.get_by_label("Units")).to_have_value("25")
    expect(page.get_by_label("Day").last).to_have_value("Tuesday")
