"""Intents: what a message is for, in Twilio's words, and the class that modemd has for it."""

from __future__ import annotations

from modemd.rules.classes import MessageClass

_TRANSACTIONAL = (
    *("notifications", "fraud", "security", "customercare", "delivery", "education", "polling", "announcements"),
    "events",
)
INTENTS: dict[str, MessageClass] = {
    "otp": MessageClass.OTP,
    "marketing": MessageClass.MARKETING,
    **dict.fromkeys(_TRANSACTIONAL, MessageClass.TRANSACTIONAL),
}


def find_class(intent: str | None) -> MessageClass | None:
    """Returns the class of a message of this intent; None if the intent is not known: to guess could send marketing to people who
    have opted out. Without an intent a message is transactional."""
    return MessageClass.TRANSACTIONAL if intent is None else INTENTS.get(intent.strip().casefold())
