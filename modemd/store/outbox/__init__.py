"""Outbox: accepts messages and batches, does what falls due, and carries out people's decisions."""
