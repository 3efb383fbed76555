"""Inbound: messages, calls and status reports as the modems bring them."""
