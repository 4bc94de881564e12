"""Correction drafts: edit the rejected rows of an upload cell by cell, revalidate them, submit them."""
