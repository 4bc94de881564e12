"""Problem reference: what each problem of rows, files and requests means and what to do."""

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from portal.access import Open, allow
from portal.translation import N_, _
from tillstream.model.errors import NotFound
from tillstream.model.problems import CATALOGUE, Severity

EXPLANATIONS: dict[str, tuple[str, str]] = N_(
    {
        "too-many-attempts": (
            "Too many attempts",
            "Someone tried to sign in too often with a wrong password or code. Wait for the time in `Retry-After`.",
        ),
        "too-many-requests": (
            "Too many requests",
            "A token may send only so many requests in a minute. Wait for the time in `Retry-After`; the header "
            "`X-RateLimit-Remaining` shows how many requests are left.",
        ),
        "sign-in-failed": ("Sign-in failed", "The name, the password or the code is wrong. Try again."),
        "sign-in-required": (
            "Sign in required",
            "The request has neither a session nor a token. Send `Authorization: Bearer` and a personal token, "
            "which you create under API tokens; a till sends the token of its store.",
        ),
        "token-not-valid": (
            "This token is not valid",
            "The token was revoked, has expired or never existed. Create another one under API tokens.",
        ),
        "token-not-accepted": (
            "This token is not accepted here",
            "The token of a store is valid only for sending sales, and a token for files only for live files. Other "
            "tokens must not be part of an address.",
        ),
        "token-lacks-right": (
            "This token lacks the right",
            "Your role permits the request, but the token does not. Create a token that has the right.",
        ),
        "home-not-recognized": (
            "The home is not recognized",
            "The request is not signed by a home that syncs here. An administrator of the head office adds the home "
            "with `tillstream sync homes add`, with the key that `tillstream sync init` shows in the home.",
        ),
        "sync-refused": (
            "The head office refuses what the home sends",
            "The entries do not follow those that the head office has, the clock of the home is wrong, or a person "
            "must decide first. `detail` has the reason, and `refusal` its code. `tillstream sync` continues where "
            "it can.",
        ),
        "unsigned": (
            "The message must be signed",
            "The store has a key, so it accepts signed messages only. Connect the till with a setup code, which an "
            "administrator creates under Stores' tills, and send the sales with the till agent. The message is kept "
            "and does not count.",
        ),
        "own-password-required": (
            "Own password required",
            "You signed in with a password that was created for you. Open any page of the portal and choose your own. "
            "Personal tokens are not affected.",
        ),
        "two-factor-required": (
            "Two-factor sign-in required",
            "Your role requires two-factor sign-in. Set it up on your profile, then sign in again.",
        ),
        "csrf-token-missing": (
            "The CSRF token is missing",
            "A request of a session that changes data needs the header `X-CSRFToken`, with the content of the meta tag "
            "`csrf-token` of any page of that session. A request with a token needs no such header.",
        ),
        "page-expired": ("The page was open for too long", "Go back, reload the page, and try again."),
        "no-access": (
            "You have no access to this",
            "Your role does not permit the request, or the query reads personal data that you may not see. If you need "
            "access, ask an administrator.",
        ),
        "no-account": ("You have no account yet", "Ask an administrator to invite you."),
        "identity-not-verified": (
            "Your identity could not be verified",
            "The response of the sign-in provider could not be checked. Sign in again; if it fails, ask an "
            "administrator.",
        ),
        "link-not-valid": (
            "This link is not valid",
            "The invitation was used, has expired or never existed. Ask an administrator for another one.",
        ),
        "not-found": (
            "Not found",
            "There is nothing at this address, or it is outside your regions and stores. Check the address.",
        ),
        "method-not-allowed": (
            "This action is not available here",
            "The address does not support the method of the request. The header `Allow` lists those that it supports.",
        ),
        "unreadable-request": ("The request could not be read", "Check the syntax of the request, then send it again."),
        "unknown-value": (
            "Unknown value",
            "A filter names a region, store, category, channel or country that none of your sales has. `problems` "
            "lists the existing ones.",
        ),
        "not-possible": (
            "This is not possible",
            "The request can never succeed in this form, for example because a parameter is not a number. `detail` has "
            "the reason, and `problems` each part that is wrong.",
        ),
        "too-large": (
            "Too large",
            "The body of the request is larger than this address accepts; `detail` has the limit. Split it.",
        ),
        "content-type": (
            "Unsupported content type",
            "The header `Content-Type` is not the one that the request needs; `detail` names the right one.",
        ),
        "protocol-version": (
            "Unsupported protocol version",
            "The header `Tus-Resumable` has a version that the portal does not support; `detail` names the right one.",
        ),
        "wrong-offset": (
            "Wrong offset",
            "The part does not start where the stored bytes end. Request `Upload-Offset` and continue from there.",
        ),
        "wrong-checksum": (
            "The checksum does not match",
            "The part was changed during the transfer, and was not stored. Send it again.",
        ),
        "changed-meanwhile": (
            "Someone else changed this",
            "The state was changed after you read it. Read it again, then repeat the request.",
        ),
        "list-changed": (
            "The list changed",
            "New data changed the order of a ranking after its first page. Read it again from its first page, without "
            "`cursor`. Lists of sale lines, changes and uploads never have this problem.",
        ),
        "unavailable": (
            "Temporarily unavailable",
            "A part of the system does not respond. Nothing was lost. Wait for the time in `Retry-After`, then try "
            "again.",
        ),
        "internal-error": (
            "Something went wrong",
            "The portal has an error, and it is logged. If it happens again, give an administrator the reference in "
            "`instance`.",
        ),
    }
)
"""Problem types of HTTP responses: code → heading, and what it means and what to do."""

blueprint = Blueprint("help", __name__, template_folder="templates")


def no_such_problem(code: str) -> str:
    return _("There is no problem {code}.", code=code)


@blueprint.get("/help/problems", endpoint="problems")
@allow(Open.SIGNED_IN)
def problems() -> ResponseReturnValue:
    groups = {
        severity: [one for one in CATALOGUE.values() if one.severity is severity]
        for severity in (Severity.ERROR, Severity.WARNING, Severity.HOLD, Severity.REJECTION)
    }
    return render_template("help/problems.html", groups=groups, of_requests=EXPLANATIONS)


@blueprint.get("/help/problems/<code>", endpoint="problem")
@allow(Open.EVERYBODY)
def problem(code: str) -> ResponseReturnValue:
    """One problem of rows, files or requests: the address of a problem type. Open, as programs have no session."""
    if code in CATALOGUE:
        title, remedy = CATALOGUE[code].title, CATALOGUE[code].remedy
    elif code in EXPLANATIONS:
        title, remedy = EXPLANATIONS[code]
    else:
        raise NotFound(no_such_problem(code))
    return render_template("help/problem.html", code=code, title=title, remedy=remedy)
