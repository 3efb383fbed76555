"""Alerts of monitoring systems: what comes in by the alert doors, and the texts that go out about it."""
