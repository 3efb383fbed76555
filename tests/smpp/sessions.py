"""Sessions in each state, and what they write."""

from __future__ import annotations

from collections.abc import Iterable

from modemd.smpp.events import Bind, BindRequested, Bound, Event, OctetsToSend
from modemd.smpp.limits import SessionLimits
from modemd.smpp.pdus import Pdu, PduStream, decode_pdu, make_pdu
from modemd.smpp.permissions import SmppRole
from modemd.smpp.session import SmppSession
from modemd.smpp.session_operations import BindTransceiver, BindTransceiverResp

BIND = BindTransceiver("modemd", "secret08")


def open_esme(limits: SessionLimits | None = None) -> SmppSession:
    return SmppSession(SmppRole.ESME, 0.0, limits)


def open_smsc(limits: SessionLimits | None = None) -> SmppSession:
    return SmppSession(SmppRole.SMSC, 0.0, limits)


def bound_esme(limits: SessionLimits | None = None) -> SmppSession:
    """An ESME that is a transceiver since second 0."""
    session = open_esme(limits)
    bind = session.send_bind(BIND, 0.0)
    (event,) = session.receive_data(make_pdu(BindTransceiverResp("smsc"), bind.sequence).encode(), 0.0)
    assert isinstance(event, Bound)
    return session


def bound_smsc(limits: SessionLimits | None = None, bind: Bind = BIND) -> SmppSession:
    """An SMSC with an ESME that is bound since second 0."""
    session = open_smsc(limits)
    (event,) = session.receive_data(make_pdu(bind, 1).encode(), 0.0)
    assert event == BindRequested(1, bind)
    session.accept_bind(1, "smsc")
    return session


def written(events: Iterable[Event]) -> list[Pdu]:
    """The PDUs that the session wants to be written."""
    stream = PduStream()
    for event in events:
        if isinstance(event, OctetsToSend):
            stream.add(event.octets)
    found = []
    while (frame := stream.take_frame()) is not None:
        found.append(decode_pdu(frame))
    assert len(stream) == 0
    return found


def others(events: Iterable[Event]) -> list[Event]:
    """The events without what is to be written."""
    return [event for event in events if not isinstance(event, OctetsToSend)]
