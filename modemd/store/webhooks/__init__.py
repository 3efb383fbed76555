"""Webhooks: the subscriptions, the callbacks of single messages, and the deliveries to both."""
