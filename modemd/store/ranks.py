"""Places in the queue: two for each class, in the order of claim."""

from __future__ import annotations

from modemd.rules.classes import MessageClass


def waiting_rank(message_class: MessageClass) -> int:
    """Place in the queue of a message that has not started. A started one goes before its class (`started_rank`)."""
    return message_class.rank * 2 + 1


def started_rank(message_class: MessageClass) -> int:
    """Place in the queue of the rest of a message: before its own and lower classes, behind higher ones."""
    return message_class.rank * 2
