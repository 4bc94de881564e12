"""Sign-in: sessions, two-factor sign-in and its policy, and external identities."""
