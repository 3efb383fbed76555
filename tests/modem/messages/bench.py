"""A receiver over a scripted port."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from modemd.modem.link.dialogue import Dialogue
from modemd.modem.messages.receiver import Receiver
from modemd.modem.messages.receiver_state import ReceiverState
from modemd.modem.setup.negotiation import Storage
from modemd.profiles import Profile
from tests.modem.backend import GENERIC, FakeBackend, identity
from tests.modem.scripted_port import ScriptedPort, script

STORAGE = Storage("SM")
FIRST = "0791447758100650040C9144770009406500005230119051800008C834888E2ECBCB"
SECOND = "0791447758100650040C9144770009406500005230119061800006D3F2F8ED2603"
REPORT = "079144775810065006400C91447700091032523011905180005230119051210000"
EMPTY = ">> AT+CMGL=4 \n << OK"
SERVICE_0 = ">> AT+CSMS? \n << +CSMS: 0,1,1,1 | OK"


@dataclass
class Bench:
    port: ScriptedPort
    backend: FakeBackend
    dialogue: Dialogue
    profile: Profile
    state: ReceiverState = field(default_factory=ReceiverState)
    storage: Storage = STORAGE
    times_woken: int = 0
    times_aside: int = 0

    def __post_init__(self) -> None:
        self.receiver = Receiver(
            self.dialogue,
            identity(self.profile),
            self.backend,
            self.storage,
            self.state,
            self.wake,
            self.step_aside,
        )

    def wake(self) -> None:
        self.times_woken += 1

    async def step_aside(self) -> None:
        self.times_aside += 1

    @property
    def stored(self) -> list[str]:
        return [octets.hex().upper() for octets in self.backend.stored]


@asynccontextmanager
async def bench(
    transcript: str, profile: Profile = GENERIC, used: set[str] | None = None, storage: Storage = STORAGE
) -> AsyncIterator[Bench]:
    with script(transcript) as port:
        state = ReceiverState(used_memories=set() if used is None else used)
        yield Bench(port, FakeBackend(), Dialogue(port), profile, state, storage)
