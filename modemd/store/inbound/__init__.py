"""Inbound: stores messages that come in, and status reports."""
