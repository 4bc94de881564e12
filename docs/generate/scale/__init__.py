"""docs/scale.md: what one and ten million sales a day come to on Google Cloud, by arithmetic."""

from docs.generate.scale.pages import page

__all__ = ["page"]
