"""Light or dark theme and density of the pages, as the user chooses."""

from flask import Blueprint, Flask, Response, current_app, redirect, request
from flask.typing import ResponseReturnValue

from portal.access import Open, allow
from portal.translation import N_
from portal.urls import own_page

THEMES = {"light": N_("Light"), "dark": N_("Dark"), "system": N_("System")}
DENSITIES = {"comfortable": N_("Comfortable"), "compact": N_("Compact")}

blueprint = Blueprint("theme", __name__)

COOKIE = "theme"
MEDIA = N_({"light": "not all", "dark": "screen", "system": "screen and (prefers-color-scheme: dark)"})
"""Media query of the dark style sheet; it never applies to print."""
DENSITY = "density"
A_YEAR = 365 * 86_400
STORYBOOK = "storybook"


def theme() -> str:
    """Theme of the cookie; the storybook takes it from its address."""
    chosen = (request.blueprint == STORYBOOK and request.args.get(COOKIE)) or request.cookies.get(COOKIE, "")
    return chosen if chosen in THEMES else "system"


def density() -> str:
    """Density of the cookie."""
    chosen = request.cookies.get(DENSITY, "")
    return chosen if chosen in DENSITIES else "comfortable"


@blueprint.post("/theme", endpoint="choose")
@allow(Open.EVERYBODY)
def choose() -> ResponseReturnValue:
    """Keep the theme, the density or both in cookies."""
    script = request.accept_mimetypes.best == "application/json"
    response = Response(status=204) if script else redirect(own_page(request.form.get("next", "")), 303)
    secure = bool(current_app.config["SESSION_COOKIE_SECURE"])
    for name, choices in ((COOKIE, THEMES), (DENSITY, DENSITIES)):
        wanted = request.form.get(name, "")
        if wanted in choices:
            response.set_cookie(name, wanted, max_age=A_YEAR, secure=secure, httponly=True, samesite="Lax")
    return response


def register(app: Flask) -> None:
    app.register_blueprint(blueprint)
    app.add_template_global(theme, "theme")
    app.add_template_global(density, "density")
    app.jinja_env.globals.update(themes=THEMES, densities=DENSITIES, dark_media=MEDIA)
