"""Inbound messages and status reports, as they are stored."""
