"""Texts of the sale form that its server makes."""

APP_NAME = "Tillstream: Sell"
APP_SHORT_NAME = "Sell"
APP_DESCRIPTION = "Enter sales, also without a connection."
NO_SALES = "The request has no list of sales."


def too_many(limit: int) -> str:
    return f"A request can have at most {limit} sales."


def no_sale(number: str, store_id: str) -> str:
    return f"{store_id} has no sale {number} with lines that can be returned."
