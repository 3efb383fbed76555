"""Emulated network: service centre, operators, subscribers and their phones, calls, USSD, and the truth journal."""
