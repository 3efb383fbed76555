"""Webhooks: which addresses may be called, when a failed delivery is tried again, and how a delivery is signed."""
