"""Webhooks: sale events are posted to addresses of other programs, signed, and repeated until they are accepted."""
