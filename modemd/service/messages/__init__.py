"""Outbound messages: submission, batches, people's decisions, and the story of each."""
