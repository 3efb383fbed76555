"""Webhooks: what changes is posted to the addresses that want to know, at least once, in order for each message."""
