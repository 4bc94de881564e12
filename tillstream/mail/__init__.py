"""Mail: one outbox for everything that is sent by e-mail, and SMTP."""
