"""Keyed hashes: the keys of the consent ledger, and the numbers that are known only by their hashes."""
