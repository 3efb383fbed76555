"""The closed list of classes."""

from __future__ import annotations

from modemd.rules.classes import SUBMITTABLE, MessageClass


def test_the_list_is_closed_and_in_order_of_claim() -> None:
    """There are six classes; an alarm is claimed first, marketing last."""
    assert [name.value for name in sorted(MessageClass, key=lambda name: name.rank)] == [
        "alarm",
        "otp",
        "system",
        "transactional",
        "conversational",
        "marketing",
    ]


def test_system_messages_are_our_own() -> None:
    """Everything but `system` may be submitted."""
    assert set(MessageClass) - set(SUBMITTABLE) == {MessageClass.SYSTEM}
