"""Consent as it is stored: statements of contacts, and what follows from them."""
