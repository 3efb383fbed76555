"""API keys: the keys, what each has sent in a day, and the audit log of what was changed with them."""
