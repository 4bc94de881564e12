"""What the browser tests share: a running portal, and what its browser complained about."""

from dataclasses import dataclass, field

from tillstream.app import App

PASSWORD = "correct horse battery"


@dataclass
class Served:
    """A running portal with an admin, and what its browser complained about."""

    app: App
    address: str
    complaints: list[str] = field(default_factory=list)
