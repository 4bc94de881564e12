"""The settings of what is delivered to places outside."""

from pathlib import Path

from pydantic import Field

from tillstream.settings.project import ProjectSettings


class DeliverySettings(ProjectSettings):
    delivery_folders: str = Field(
        "",
        description="Folders of this machine to which files of subscriptions can be delivered besides `deliveries` in "
        "the home folder, separated by commas",
    )

    @property
    def other_delivery_folders(self) -> tuple[Path, ...]:
        """The folders of `delivery_folders`."""
        return tuple(Path(folder.strip()) for folder in self.delivery_folders.split(",") if folder.strip())
