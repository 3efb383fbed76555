from __future__ import annotations

from modemd.smpp.operation import CommandId
from modemd.smpp.window import AwaitedAnswer, RequestWindow

SUBMIT, NACK = CommandId.SUBMIT_SM, CommandId.GENERIC_NACK
RESPONSE = CommandId.SUBMIT_SM_RESP


def send(window: RequestWindow, now: float = 0.0, command: CommandId = SUBMIT, timeout_s: float = 60.0) -> int:
    sequence = window.choose_sequence()
    window.register(sequence, command, now, timeout_s)
    return sequence


def test_answers_come_in_any_order() -> None:
    """Each is found by its number, once."""
    window = RequestWindow(10)
    numbers = [send(window) for _ in range(5)]
    for number in (3, 1, 5, 2, 4):
        taken = window.take(number, RESPONSE)
        assert taken is not None
        assert (taken.sequence, taken.is_late) == (number, False)
        assert window.take(number, RESPONSE) is None
    assert numbers == [1, 2, 3, 4, 5]


def test_messages_count_and_enquiries_do_not() -> None:
    """The window may be full, and the link is still checked."""
    window = RequestWindow(2)
    send(window)
    send(window, command=CommandId.ENQUIRE_LINK)
    assert (window.room, window.outstanding) == (1, 1)
    send(window, command=CommandId.DATA_SM)
    assert (window.room, window.outstanding) == (0, 2)
    assert window.is_waiting(CommandId.ENQUIRE_LINK)
    window.take(1, RESPONSE)
    window.take(2, CommandId.ENQUIRE_LINK_RESP)
    assert (window.room, window.outstanding) == (1, 1)
    assert not window.is_waiting(CommandId.ENQUIRE_LINK)


def test_only_its_own_response_answers_a_request() -> None:
    """Or generic_nack; another one leaves it waiting."""
    window = RequestWindow(10)
    number = send(window)
    assert window.take(number, CommandId.DELIVER_SM_RESP) is None
    assert window.take(number, NACK) is not None


def test_a_request_is_kept_after_its_time() -> None:
    """It is told once, frees the window, and a late answer still finds it."""
    window = RequestWindow(1)
    number = send(window, now=100.0)
    assert window.next_deadline == 160.0
    assert window.expire(159.9) == []
    assert [each.sequence for each in window.expire(160.0)] == [number]
    assert window.expire(200.0) == []
    assert window.room == 1
    assert RequestWindow(1).next_deadline is None
    assert window.expire(1e9) == []
    assert window.take(number, RESPONSE) == AwaitedAnswer(number, SUBMIT, 100.0, 160.0, is_late=True)
    assert window.take(number, RESPONSE) is None


def test_late_requests_are_bounded() -> None:
    """The oldest are forgotten first."""
    window = RequestWindow(1000, most_late=3)
    for now in range(10):
        send(window, float(now), timeout_s=1.0)
    window.expire(100.0)
    assert [number for number in range(1, 11) if window.take(number, RESPONSE)] == [8, 9, 10]


def test_numbers_begin_anew_and_leave_out_those_that_are_kept() -> None:
    """After the last one comes 1; numbers that wait, or are late, are not used again."""
    window = RequestWindow(10, last_sequence=5)
    first = send(window, timeout_s=1.0)
    assert [send(window) for _ in range(4)] == [2, 3, 4, 5]
    window.expire(1.0)
    window.take(3, RESPONSE)
    assert first == 1
    assert [window.choose_sequence() for _ in range(2)] == [3, 3]


def test_all_requests_end_with_the_link() -> None:
    """In their order; each is told once."""
    window = RequestWindow(10)
    numbers = [send(window) for _ in range(3)]
    assert [each.sequence for each in window.expire_all()] == numbers
    assert window.expire_all() == []
    assert window.outstanding == 0
