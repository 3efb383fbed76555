"""Outbound messages: submission, batches, people's decisions, and the history of each."""
