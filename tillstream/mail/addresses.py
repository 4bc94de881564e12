"""E-mail addresses."""


def is_address(text: str) -> bool:
    """Whether a text is one e-mail address, without a name."""
    name, at, host = text.rpartition("@")
    return bool(name and at and "." in host and text.isprintable()) and not any(one in text for one in ' ,;<>"')
