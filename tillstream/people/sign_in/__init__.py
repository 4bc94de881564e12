"""Signing in: sessions, second factors, rules of sign-in, and identities that others prove."""
