"""A difference between the product and the books."""

from collections.abc import Iterable


class Difference(AssertionError):
    """The product and the books differ.

    kind: what differs, in a few words, the same for all differences of its kind. seeds: of the companies that it is
    about.
    """

    def __init__(self, kind: str, text: str, seeds: Iterable[int] = ()) -> None:
        super().__init__(text)
        self.kind = kind
        self.seeds = sorted(set(seeds))
