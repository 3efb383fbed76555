"""Recovery of a sick modem: its symptoms, the escalation of steps, and the steps themselves."""
