"""Providers: what the daemon uses to send by an SMS provider instead of a modem."""
