"""Sentences that are put together from words."""


def upper_first(words: str) -> str:
    """As at the start of a sentence; a name such as eShop stays as it is."""
    first, _, _ = words.partition(" ")
    return words if any(map(str.isupper, first[1:])) else words[:1].upper() + words[1:]
