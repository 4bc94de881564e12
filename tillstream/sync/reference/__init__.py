"""Reference data of homes and their head office: the catalogue, goals and rates, which both may change."""
