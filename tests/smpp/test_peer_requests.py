from __future__ import annotations

from modemd.smpp.operation import CommandId
from modemd.smpp.peer_requests import PeerRequests


def test_a_number_may_be_used_twice() -> None:
    """Each request waits for its own answer, in order."""
    requests = PeerRequests(10)
    assert requests.keep(7, CommandId.DELIVER_SM)
    assert requests.keep(7, CommandId.DATA_SM)
    assert [len(requests), requests.find(7)] == [2, CommandId.DELIVER_SM]
    requests.remove(7)
    assert [len(requests), requests.find(7)] == [1, CommandId.DATA_SM]
    requests.remove(7)
    assert [len(requests), requests.find(7)] == [0, None]


def test_their_number_is_bounded() -> None:
    """More are not kept until one is answered."""
    requests = PeerRequests(2)
    assert [requests.keep(number, CommandId.DELIVER_SM) for number in (1, 2, 3)] == [True, True, False]
    requests.remove(1)
    assert requests.keep(3, CommandId.DELIVER_SM)
    requests.clear()
    assert [len(requests), requests.find(2)] == [0, None]
