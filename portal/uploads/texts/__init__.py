"""Texts of uploads and previews, in a module for each subject."""
