"""Twilio as a provider: requests of its Messages API, and readers of its answers, lists and webhooks. Pure.

The other end of this wire, at which modemd is what Twilio is here, is `modemd.rules.twilio` with `modemd.api.twilio`.
"""
