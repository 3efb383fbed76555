"""Consent in the running service: opt-outs and opt-ins as they arrive, and their confirmations."""
