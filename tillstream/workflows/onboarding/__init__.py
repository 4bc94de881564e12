"""Onboarding: a file that no contract fits becomes a proposed contract, by questions and answers."""
