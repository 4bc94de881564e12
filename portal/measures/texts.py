"""Texts of the explanation of a figure."""


def no_page(text: str, last: int) -> str:
    return f"page is “{text}”; it must be a whole number from 1 to {last}."
