"""Texts of the profile."""

NAME, NO_NAME = "Name", "Enter your name."
LOCALE, BROWSER = "Date and number format", "Browser default"
TIME_ZONE = "Time zone"
CURRENCY, AUTOMATIC = "Display currency", "Automatic"
SAVED = "Saved."
SESSION_ENDED = "You are signed out on that device."
SECOND_STEP_REQUIRED = "Your role requires two-factor sign-in. You cannot turn it off."
SECOND_STEP_OFF = "Two-factor sign-in is off."


def reporting_currency(currency: str) -> str:
    return f"Reporting currency ({currency})"


def others_ended(count: int) -> str:
    return f"You are signed out on {count} other {'device' if count == 1 else 'devices'}."
