"""Recovery of a modem that fails: its symptoms, the escalation that chooses the next step, and the steps themselves."""
