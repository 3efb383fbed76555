"""Senders: identities that a SIM cannot be (names, short codes, toll-free and virtual numbers), and where each may send."""
