"""Names of the themes and densities."""

THEMES = {"light": "Light", "dark": "Dark", "system": "System"}
DENSITIES = {"comfortable": "Comfortable", "compact": "Compact"}
