"""Texts of the corrections grid."""

RECEIVED = "Your corrections are received. They are read in a few seconds."
ROW_IS_CORRECTED = "That row no longer needs correction."
CHANGED_BY_OTHERS = "Someone else changed this"

NO_JSON = "The request is not JSON."
NO_VERSION = "Send the version of the draft that you saw."
