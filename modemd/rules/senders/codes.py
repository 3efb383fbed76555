"""Codes of what is wrong with a sender. No face asks for them yet; those that do will have them among the codes of errors."""

from __future__ import annotations

from enum import StrEnum


class SenderCode(StrEnum):
    """Code of a refusal that is about a sender."""

    BAD_SENDER = "bad_sender"
    """It has not the form of its kind."""
    SENDER_NOT_ALLOWED = "sender_not_allowed"
    """The country of the recipient takes no such sender, or the sender works in other countries only."""
    SENDER_NOT_REGISTERED = "sender_not_registered"
    """The country takes only registered names, and the registration of this one does not count."""
    NO_WAY_TO_OBJECT = "no_way_to_object"
    """Nobody can answer the sender, and the marketing names no other way to end it, or asks for an answer."""
