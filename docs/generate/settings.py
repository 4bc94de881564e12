"""docs/settings.md, from the settings themselves."""

from docs.generate.markdown import page as markdown
from docs.generate.markdown import table
from tillstream.settings import Settings

INTRO = """
Settings are environment variables, and each has a working default. There are no configuration files; all settings are
read in `tillstream/settings.py`.
"""
COMPUTED = {"home": "`var/` in a clone, otherwise the user's data folder"}


def page() -> str:
    rows = [
        (f"`TILLSTREAM_{name.upper()}`", COMPUTED.get(name) or f"`{field.default}`", field.description or "")
        for name, field in Settings.model_fields.items()
    ]
    return markdown("Settings", INTRO, table(("variable", "default", "meaning"), rows))
