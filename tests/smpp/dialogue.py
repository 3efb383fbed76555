"""An ESME and an SMSC that talk to each other in simulated time, over a link that loses, doubles and delays PDUs.

TCP does none of this, but relays and busy programs do it to PDUs. Each side keeps the truth of what it did, so a test can compare
it with what the other side believes.
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Callable, Iterable

from modemd.smpp.events import (
    AnsweredLate,
    BindRequested,
    Bound,
    Delivery,
    Event,
    LinkLost,
    OctetsToSend,
    RequestAnswered,
    RequestUnknown,
    SubmitRequested,
    Unbound,
)
from modemd.smpp.limits import SessionLimits
from modemd.smpp.message_operations import DeliverSm, SubmitSm, SubmitSmResp
from modemd.smpp.permissions import NotPermitted, SessionState, SmppRole
from modemd.smpp.session import SmppSession
from modemd.smpp.session_operations import BindTransceiver
from modemd.smpp.window import WindowFull

# When the copies of a PDU arrive, in seconds after it was written: none, one, or several.
Fate = Callable[[int], tuple[float, ...]]
REFUSED = "refused"


class Side:
    """One side: its session, and what it knows. Messages are known by their text."""

    def __init__(self, role: SmppRole, limits: SessionLimits) -> None:
        self.session = SmppSession(role, 0.0, limits)
        self.texts: dict[int, str] = {}  # of our requests, by sequence number
        self.first_fates: dict[str, list[str]] = {}
        self.late_fates: dict[str, list[str]] = {}
        self.taken: Counter[str] = Counter()  # what we took of the peer
        self.ends: list[Event] = []
        self.is_bound = False

    def learn(self, event: RequestAnswered | RequestUnknown | AnsweredLate) -> None:
        """Writes down what an event says of a request of ours."""
        answer = event.answer if isinstance(event, AnsweredLate) else event
        fates = self.late_fates if isinstance(event, AnsweredLate) else self.first_fates
        word = "unknown" if isinstance(answer, RequestUnknown) else "taken" if answer.is_taken else REFUSED
        fates.setdefault(self.texts[answer.sequence], []).append(word)


class Dialogue:
    """Both sides and their link. `fate`: by the number of a PDU, counted over both directions. `lateness_s`: how long after its
    time a check comes."""

    def __init__(self, fate: Fate, limits: SessionLimits | None = None, lateness_s: float = 0.0) -> None:
        limits = limits or SessionLimits()
        self.esme, self.smsc = Side(SmppRole.ESME, limits), Side(SmppRole.SMSC, limits)
        self.written = 0
        self._lateness_s = lateness_s
        self.now = 0.0
        self._fate = fate
        self._plans: list[tuple[float, int, Callable[[], None]]] = []
        self._planned = 0

    def plan(self, at: float, call: Callable[[], None]) -> None:
        """Calls at a time."""
        self._planned += 1
        heapq.heappush(self._plans, (at, self._planned, call))

    def run(self, until: float) -> None:
        """Runs to a time."""
        while True:
            deadlines = [(side.session.next_deadline(), side) for side in (self.esme, self.smsc)]
            known = [(max(at + self._lateness_s, self.now), side) for at, side in deadlines if at is not None]
            due = min(known, key=lambda each: each[0], default=None)
            if self._plans and (due is None or self._plans[0][0] <= due[0]):
                at, _, call = heapq.heappop(self._plans)
                if at > until:
                    return
                self.now = at
                call()
            elif due is not None and due[0] <= until:
                self.now = due[0]
                self.handle(due[1], due[1].session.check(self.now))
            else:
                return

    def write(self, side: Side, octets: bytes) -> None:
        """Gives a PDU to the link."""
        peer = self.smsc if side is self.esme else self.esme
        self.written += 1
        for delay in self._fate(self.written):
            self.plan(self.now + delay, lambda: self.handle(peer, peer.session.receive_data(octets, self.now)))

    def handle(self, side: Side, events: Iterable[Event]) -> None:
        """Does what the program of a side would do."""
        for event in events:
            if isinstance(event, OctetsToSend):
                self.write(side, event.octets)
            elif isinstance(event, BindRequested):
                self.write(side, side.session.accept_bind(event.sequence, "smsc"))
            elif isinstance(event, Bound):
                side.is_bound = True
            elif isinstance(event, RequestAnswered | RequestUnknown | AnsweredLate):
                side.learn(event)
            elif isinstance(event, SubmitRequested):
                assert isinstance(event.body, SubmitSm)
                self.answer_submit(side, event.sequence, event.body.short_message.decode())
            elif isinstance(event, Delivery):
                self.plan(self.now + 0.01, lambda event=event: self.store(side, event))  # type: ignore[misc]  # bound now
            elif isinstance(event, LinkLost | Unbound):
                side.ends.append(event)
                self.close(self.smsc if side is self.esme else self.esme)

    def close(self, peer: Side) -> None:
        """Closes the connection; the peer notices it."""
        self.plan(self.now + 0.1, lambda: self.handle(peer, peer.session.connection_lost("closed")))

    def answer_submit(self, side: Side, sequence: int, text: str) -> None:
        """Takes a message, or refuses it if its text says so."""
        if REFUSED in text:
            self.write(side, side.session.acknowledge(sequence, 0x58))
        else:
            side.taken[text] += 1
            self.write(side, side.session.answer(sequence, SubmitSmResp(text)))

    def store(self, side: Side, event: Delivery) -> None:
        """Stores a delivery, and then acknowledges it."""
        assert isinstance(event.body, DeliverSm)
        side.taken[event.body.short_message.decode()] += 1
        try:
            octets = side.session.acknowledge(event.sequence)
        except NotPermitted:
            return
        self.write(side, octets)

    def bind(self) -> None:
        """The ESME binds."""
        self.write(self.esme, self.esme.session.send_bind(BindTransceiver("modemd"), self.now).octets)

    def send(self, side: Side, text: str) -> bool:
        """Sends a message with this text, if the session takes it."""
        body = (SubmitSm if side is self.esme else DeliverSm)("1", "2", text.encode())
        try:
            request = side.session.send_request(body, self.now)
        except (NotPermitted, WindowFull):
            return False
        side.texts[request.sequence] = text
        self.write(side, request.octets)
        return True

    def unbind(self) -> None:
        """The ESME begins to unbind, if it is bound."""
        if self.esme.session.state not in (SessionState.OPEN, SessionState.CLOSED):
            self.handle(self.esme, self.esme.session.begin_unbind(self.now))

    def check(self) -> None:
        """Compares what each side believes with what the other did."""
        for side, peer in ((self.esme, self.smsc), (self.smsc, self.esme)):
            for text in side.texts.values():
                first, late = side.first_fates.get(text, []), side.late_fates.get(text, [])
                if side.session.state is SessionState.CLOSED:
                    assert len(first) == 1, f"{text} has the fates {first}"
                assert len(late) <= (first == ["unknown"]), f"{text}: {first}, then {late}"
                for word in (*first, *late):
                    if word == "taken":
                        assert peer.taken[text], f"{text} was not taken"
                    if word == REFUSED:
                        assert not peer.taken[text], f"{text} was taken, and looks refused"
            assert len(side.ends) <= 1
