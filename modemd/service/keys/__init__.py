"""API keys in the running service: who a secret belongs to, failed tries, rates and budgets, and the audit log."""
