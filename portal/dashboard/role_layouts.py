"""Dashboard layouts: tiles of each role, in order."""

from dataclasses import dataclass

from tillstream.domain.people import Role


@dataclass(frozen=True)
class RoleLayout:
    """`question`: what the page answers. `tiles`: from top to bottom."""

    question: str
    tiles: tuple[str, ...]


ROLE_LAYOUTS: dict[Role, RoleLayout] = {
    Role.ADMIN: RoleLayout(
        "How is every region selling, and is any data missing?",
        (
            "headline",
            "attention",
            "by-region",
            "over-time",
            "by-category",
            "by-store",
            "by-country",
            "by-product",
            "by-salesperson",
            "by-channel",
            "heatmap",
            "top-customers",
            "freshness",
        ),
    ),
    Role.MANAGER: RoleLayout(
        "How are your stores and salespeople selling, and what needs your attention?",
        (
            "headline",
            "attention",
            "by-store",
            "over-time",
            "by-salesperson",
            "by-category",
            "by-product",
            "heatmap",
            "top-customers",
            "by-country",
            "by-channel",
            "by-region",
            "freshness",
        ),
    ),
    Role.CLERK: RoleLayout(
        "Did every file arrive, and what needs your attention?",
        ("attention", "latest-uploads", "freshness", "headline", "over-time", "by-store", "by-category"),
    ),
    Role.SALESPERSON: RoleLayout(
        "How are your own sales going?",
        ("headline", "over-time", "top-customers", "by-product", "by-category", "by-store", "heatmap", "freshness"),
    ),
    Role.ANALYST: RoleLayout(
        "How are sales developing, and why?",
        (
            "headline",
            "over-time",
            "by-country",
            "by-region",
            "by-category",
            "by-product",
            "by-channel",
            "by-store",
            "heatmap",
            "freshness",
        ),
    ),
}
