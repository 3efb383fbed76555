"""SIMs: limits, rules, balances, PINs."""
