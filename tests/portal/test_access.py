"""Who gets where: generated from the routes and from the one table of roles."""

import re

import pytest
from flask import Flask
from routes import address
from visitor import People, Visitor, Work, indian_file, indian_sale
from werkzeug.routing import Rule

from examples import in_long_proofs
from portal.access import Open, access_of, check_marks
from tillstream.model.permissions import PERMISSIONS, Action, Role

DOOR = ("form", "enter", "code", "check_code", "join", "take", "begin", "returned", "out", "current")


def _method(rule: Rule) -> str:
    return "POST" if "POST" in (rule.methods or ()) else "GET"


def test_an_anonymous_client_can_only_open_public_pages(portal: Flask, anonymous: Visitor) -> None:
    checked = 0
    for rule in portal.url_map.iter_rules():
        access = access_of(portal, rule.endpoint)
        answer = anonymous.client.open(address(rule), method=_method(rule), buffered=True)
        if access is Open.EVERYBODY:
            assert rule.endpoint in {
                "static", "swagger_ui", "theme.choose", *(f"sign_in.{name}" for name in DOOR), "api.healthz",
                "health.ready", "help.problem",
            }  # fmt: skip
            continue
        checked += 1
        if answer.status_code == 303:
            assert answer.headers["Location"].startswith("/sign-in"), rule
            assert _method(rule) == "GET", rule
        else:
            assert answer.status_code == 401, (rule, answer.status_code)
    assert checked > 30


def _permitted(rule: Rule, access: Action) -> list[Role]:
    """The roles that may open an address."""
    needed = {access, *({Action.SEE_PERSONAL} if rule.endpoint in {"api.salespeople", "api.top-customers"} else ())}
    return [role for role in Role if needed <= PERMISSIONS[role]]


@pytest.mark.system
@pytest.mark.parametrize("every", [False, *in_long_proofs(True)], ids=["two roles of each page", "all roles"])
def test_a_role_has_exactly_the_permissions_of_the_table(portal: Flask, person: People, every: bool) -> None:
    """With each change, one of the roles that may open an address and one of those that may not: the next for each."""
    visitors = {role: person(role, *(() if role is Role.ADMIN else ("IN",))) for role in Role}
    tokens = {role: visitor.token() for role, visitor in visitors.items()}
    opened: set[tuple[Role, bool]] = set()
    for number, rule in enumerate(portal.url_map.iter_rules()):
        access = access_of(portal, rule.endpoint)
        if not isinstance(access, Action):
            continue
        allowed = _permitted(rule, access)
        denied = [role for role in Role if role not in allowed]
        for role in Role if every else (roles[number % len(roles)] for roles in (allowed, denied) if roles):
            answer = visitors[role].client.open(
                address(rule), method=_method(rule), headers={"X-CSRFToken": tokens[role]}, buffered=True
            )
            assert (answer.status_code != 403) == (role in allowed), (rule, role, access, answer.status_code)
            assert answer.status_code < 500, (rule, role)
            opened.add((role, role in allowed))
    assert opened == {(role, may) for role in Role for may in (True, False)} - {(Role.ADMIN, False)}


def test_a_view_without_an_access_rule_stops_the_start(portal: Flask) -> None:
    portal.config["TESTING"] = False
    portal.view_functions["forgotten"] = lambda: "secret"
    portal.url_map.add(Rule("/forgotten", endpoint="forgotten"))
    with pytest.raises(LookupError, match="forgotten does not say"):
        check_marks(portal)


@pytest.mark.parametrize("path", ["/", "/sign-in", "/dashboard", "/api/kpis", "/nowhere", "/static/tillstream.css"])
def test_every_answer_carries_the_protecting_headers(person: People, path: str) -> None:
    headers = person(Role.ADMIN).get(path).headers
    policy = headers["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert "default-src 'none'" in policy
    assert "http" not in policy.replace("https:", "")
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Referrer-Policy"] == "same-origin"


def test_pages_are_not_kept_by_caches_but_files_are(person: People) -> None:
    visitor = person(Role.ADMIN)
    assert visitor.get("/dashboard").headers["Cache-Control"] == "no-store"
    address = re.search(r'href="(/static/tillstream\.css\?v=\w+)"', visitor.get("/dashboard").text)
    assert address
    assert visitor.get(address[1]).headers["Cache-Control"] == "public, max-age=31536000, immutable"
    for other in ("/static/tillstream.css", "/static/tillstream.css?v=older"):
        assert visitor.get(other).headers["Cache-Control"] == "no-cache"


PAGES = ("/dashboard", "/uploads", "/pipeline", "/people", "/stores", "/password", "/help/problems")


@pytest.mark.parametrize("path", PAGES)
def test_no_page_names_another_host_or_holds_a_script(person: People, path: str) -> None:
    text = person(Role.ADMIN).get(path).text
    assert not re.search(r"""(?:src|href|action)=["'](?:https?:)?//""", text)
    assert not re.search(r"<script(?![^>]*(?:src=|application/json))", text)
    assert not re.search(r"""\son\w+=["']""", text)
    assert not re.search(r"""\sstyle=["']""", text)


def test_every_file_of_a_page_exists(person: People, work: Work) -> None:
    admin = person(Role.ADMIN)
    admin.upload(indian_file(indian_sale("1")))
    work()
    kinds = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
    endpoints = set()
    for path in PAGES:
        for link in re.findall(r"""(?:src|href)="(/[^"]+\.(?:css|js|svg)[^"]*)\"""", admin.get(path).text):
            answer = admin.get(link.replace("&amp;", "&"))
            ending = link[link.rindex(".", 0, link.index("?")) : link.index("?")]
            assert (answer.status_code, answer.mimetype) == (200, kinds[ending]), link
            endpoints.add(ending)
    assert endpoints == set(kinds)


def test_what_is_not_there_is_a_friendly_page_or_problem_json(person: People) -> None:
    visitor = person(Role.ADMIN)
    page = visitor.get("/nowhere")
    assert (page.status_code, page.mimetype) == (404, "text/html")
    assert "Not found" in page.text
    problem = visitor.get("/api/nowhere")
    assert (problem.status_code, problem.mimetype) == (404, "application/problem+json")
    assert problem.get_json()["status"] == 404


def test_a_fault_shows_a_number_and_no_cause(portal: Flask, person: People, caplog: pytest.LogCaptureFixture) -> None:
    visitor = person(Role.ADMIN)
    portal.testing = False

    def broken() -> str:
        raise RuntimeError("the secret cause")

    from portal.access import allow

    portal.view_functions["help.problems"] = allow(Open.SIGNED_IN)(broken)
    answer = visitor.get("/help/problems")
    assert answer.status_code == 500
    assert "secret cause" not in answer.text
    reference = answer.text.split("<code>")[1].split("</code>")[0]
    assert reference in caplog.text
    assert "secret cause" in caplog.text


def test_the_sign_of_life_needs_no_sign_in(anonymous: Visitor) -> None:
    assert anonymous.get("/healthz").get_json()["status"] == "ok"
