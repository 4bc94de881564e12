"""Plausible files for three made-up regions, and the facts they tell. Imports nothing of ours."""
