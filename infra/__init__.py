"""The resources of a Google project, and their deployment."""
