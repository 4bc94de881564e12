"""Settings: the only place that reads the environment (names start with TILLSTREAM_)."""

from tillstream.settings.settings import InvalidSettings, Settings

__all__ = ["InvalidSettings", "Settings"]
