"""Stock at scale: a generated warehouse, its levels and their page."""
