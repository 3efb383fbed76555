"""Consent as pure decisions: opt-out and opt-in words, replies to them, and who may be sent what."""
