"""Quiet hours in the running service: those in force, how they are shown, and the public holidays."""
