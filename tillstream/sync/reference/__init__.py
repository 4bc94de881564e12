"""Reference data of homes and their head office: the catalogue and goals, which both sides may change."""
