"""docs/settings.md, from the settings themselves."""

from docs.generate.markdown import page as markdown
from docs.generate.markdown import table
from tillstream.settings import Settings

INTRO = """
Everything has a default that works. A setting is an environment variable; nothing else is read, and only
`tillstream/settings.py` reads it.
"""
COMPUTED = {"home": "`var/` in a clone, else the user's data folder"}


def page() -> str:
    rows = [
        (f"`TILLSTREAM_{name.upper()}`", COMPUTED.get(name) or f"`{field.default}`", field.description or "")
        for name, field in Settings.model_fields.items()
    ]
    return markdown("Settings", INTRO, table(("variable", "default", "meaning"), rows))
