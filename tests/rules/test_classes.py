"""The closed list of classes."""

from __future__ import annotations

from datetime import timedelta

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


def test_only_alarm_and_otp_are_sent_at_least_once() -> None:
    """An unknown alarm waits 60 s and an otp 20 s for evidence before it is sent again; no other class ever is."""
    assert {name: name.repeats_after for name in MessageClass if name.repeats_after is not None} == {
        MessageClass.ALARM: timedelta(seconds=60),
        MessageClass.OTP: timedelta(seconds=20),
    }


def test_system_messages_are_our_own() -> None:
    """Everything but `system` may be submitted."""
    assert set(MessageClass) - set(SUBMITTABLE) == {MessageClass.SYSTEM}
