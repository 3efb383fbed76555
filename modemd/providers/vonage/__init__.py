"""Vonage as a provider: requests of its Messages API (v1) and SMS API, and readers of their answers, records and webhooks. Pure.

The Messages API with Basic authorization needs no public address, and has no webhooks: what becomes of a message is looked up in
the Reports API, which costs money. The SMS API has webhooks with Basic authorization, too.
"""
