"""docs/pictures.md, from the navigation of the portal."""

from collections.abc import Iterator
from dataclasses import dataclass

from docs.generate.markdown import page as markdown
from docs.generate.markdown import table
from portal.menu import AREAS, Area
from tillstream.model.permissions import PERMISSIONS, Role

FOLDER = "pictures/pages"
VARIANTS = ("wide", "narrow", "dark")
DEVELOPMENT = "storybook.show"
"""The area that only a portal in development has."""
INTRO = """
Each page of the navigation as each role sees it, with the data of `tillstream demo`: at 1440 pixels, and for the first
role also at 390 pixels and in dark colours. `make pictures` takes them again.
"""


@dataclass(frozen=True)
class Picture:
    """The picture of an area for a role in a variant."""

    area: Area
    role: Role
    variant: str

    @property
    def name(self) -> str:
        page = self.area.endpoint.replace(".", "-").replace("_", "-")
        return f"{page}-{self.role.value}-{self.variant}.webp"


def pictures() -> Iterator[Picture]:
    """The pictures in the order of the navigation."""
    for area in AREAS:
        if area.endpoint != DEVELOPMENT:
            roles = [role for role in Role if area.action is None or area.action in PERMISSIONS[role]]
            yield from (Picture(area, roles[0], variant) for variant in VARIANTS)
            yield from (Picture(area, role, VARIANTS[0]) for role in roles[1:])


def page() -> str:
    areas = {picture.area.label: picture.area for picture in pictures()}
    parts = []
    for label, area in areas.items():
        of_area = [picture for picture in pictures() if picture.area is area]
        rows = [
            [role.value, ", ".join(_link(picture) for picture in of_area if picture.role is role)]
            for role in dict.fromkeys(picture.role for picture in of_area)
        ]
        first = of_area[0]
        parts += [f"## {label}", f"![{label}, as the role {first.role.value} sees it]({FOLDER}/{first.name})"]
        parts += [table(["role", "pictures"], rows)]
    return markdown("Pictures of the pages", INTRO, *parts)


def _link(picture: Picture) -> str:
    return f"[{picture.variant}]({FOLDER}/{picture.name})"
