"""Sign-in, accounts, tokens, and a person's own profile."""
