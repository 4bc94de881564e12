"""Documents as PDF by Typst: one way to typeset a template with data, and its font."""
