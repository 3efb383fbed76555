"""Which parts of the service an event of the queue wakes."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pytest

from modemd.rules.classes import MessageClass
from modemd.rules.states import MessageState
from modemd.service.wakeups import Wakeups
from modemd.store.outbox.accept import Submitted

OTP = MessageClass.OTP


def submitted(state: MessageState) -> Submitted:
    return Submitted(1, state, None)


@pytest.mark.parametrize(
    ("event", "woken"),
    [
        pytest.param(
            lambda wakeups: wakeups.submitted(submitted(MessageState.QUEUED), OTP),
            ["queued otp", "modems"],
            id="queued",
        ),
        pytest.param(lambda wakeups: wakeups.submitted(submitted(MessageState.HELD), OTP), ["due work"], id="held"),
        pytest.param(lambda wakeups: wakeups.submitted(submitted(MessageState.REFUSED), OTP), [], id="refused"),
        pytest.param(
            lambda wakeups: wakeups.promoted(OTP, held=True), ["queued otp", "modems", "due work"], id="rows of a batch"
        ),
        pytest.param(lambda wakeups: wakeups.promoted(None, held=False), [], id="rows of a batch, all refused"),
        pytest.param(Wakeups.released, ["batches", "due work"], id="released"),
        pytest.param(Wakeups.settled, ["due work", "modems"], id="settled"),
        pytest.param(Wakeups.came_due, ["urgent", "modems"], id="came due"),
        pytest.param(Wakeups.ready, ["modems"], id="ready"),
    ],
)
def test_what_an_event_wakes(event: Callable[[Wakeups], None], woken: list[str]) -> None:
    """The modems, whenever something may be sent that could not before: they would look again only in a minute."""
    found: list[str] = []
    wakeups = Wakeups()
    wakeups.connect(
        note_queued=lambda message_class: found.append(f"queued {message_class}"),
        note_urgent=partial(found.append, "urgent"),
        wake_modems=partial(found.append, "modems"),
        wake_due_work=partial(found.append, "due work"),
        wake_batches=partial(found.append, "batches"),
    )
    event(wakeups)
    assert found == woken
