"""Onboarding: derive a proposed contract from a file that no contract matches, by questions and answers."""
