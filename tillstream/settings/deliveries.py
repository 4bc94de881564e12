"""The settings of what is delivered to places outside."""

from pathlib import Path
from typing import Any

from pydantic import Field, field_validator

from tillstream.settings.project import ProjectSettings


class DeliverySettings(ProjectSettings):
    delivery_folders: str = Field(
        "",
        description="Folders of this machine to which files of subscriptions can be delivered besides `deliveries` in "
        "the home folder, separated by commas",
    )

    @field_validator("home", "drop", "secrets", mode="before", check_fields=False)
    @classmethod
    def _names_a_folder(cls, path: Any) -> Any:
        """Refuse an empty path, which would be the current folder, wherever that is."""
        if isinstance(path, str) and not path.strip():
            raise ValueError("enter the path of a folder, or remove the variable to use the default")
        return path

    @property
    def other_delivery_folders(self) -> tuple[Path, ...]:
        """The folders of `delivery_folders`."""
        return tuple(Path(folder.strip()) for folder in self.delivery_folders.split(",") if folder.strip())
