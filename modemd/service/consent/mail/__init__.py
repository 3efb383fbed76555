"""Opt-out by e-mail in the running service: the mailbox, and the addresses of contacts."""
