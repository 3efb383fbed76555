"""A network with modems and phones for tests that know nothing of asyncio: plain objects, plain calls.

The emulator runs on a thread of its own in the test's process; each call here is carried out there. The pytest plugin
hands these objects out; without pytest, use `with Network() as network:`.
"""

from __future__ import annotations

import re
import shutil
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self, TypeVar

from modemd.emulator.background import Background
from modemd.emulator.device import Device
from modemd.emulator.family import families
from modemd.emulator.journal import Accepted
from modemd.emulator.links.pty import PtyLink
from modemd.emulator.network import Network as Core
from modemd.emulator.subscribers import Phone as Handset
from modemd.emulator.subscribers import Received, Sim
from modemd.emulator.timers import LoopTimers
from modemd.emulator.transcript import Transcript

Found = TypeVar("Found")

PHONE_NUMBER = "+33612345678"


class NotReceived(AssertionError):
    """What was waited for did not come in time; the message says what came instead."""


class Network:
    """An emulated network. `close` takes modems, ports and thread away; raises what went wrong inside, if anything.

    Without arguments nothing takes time and no report is lost. Latencies are seconds; `report_loss` is the share of
    delivery reports that never come, 0 to 1; `seed` decides all that is random.
    """

    def __init__(
        self,
        *,
        delivery_latency: float = 0.0,
        report_latency: float = 0.0,
        report_loss: float = 0.0,
        seed: int = 0,
    ) -> None:
        self.modems: list[Modem] = []
        self._seed = seed
        self._folder = Path(tempfile.mkdtemp(prefix="modemd-"))
        self._background = Background("modemd-emulator")
        self._changed = threading.Condition()
        self._timers = LoopTimers(self._background.loop)
        self._core = Core(
            self._timers,
            seed=seed,
            delivery_latency_s=delivery_latency,
            report_latency_s=report_latency,
            report_loss=report_loss,
        )
        self._core.journal.on_accepted.append(lambda entry: self._notify())
        self._phones: dict[str, Phone] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    # -- who takes part

    def modem(
        self,
        number: str | None = None,
        *,
        family: str = "generic",
        send_latency: float | None = 0.0,
        prompt_latency: float | None = 0.0,
        boot_factor: float = 0.0,
        chatty: bool = False,
        pin: str | None = None,
        capacity: int = 50,
        imei: str | None = None,
        port: Path | str | None = None,
    ) -> Modem:
        """A modem with a SIM, plugged in, at a port of its own.

        `number` left out counts up from +33700000001. Latencies are seconds, None the family's own; `boot_factor` 1
        lets a restart take as long as the family's does, 0 no time; `chatty` lets it say its family's idle lines;
        `pin` is asked for; `capacity` is the SIM's room for messages; `port` is the path to appear at.
        ValueError for a family there is none of; Refused for a number that is taken.
        """
        if family not in families:
            raise ValueError(f"family {family!r} is not one of {', '.join(families)}")
        name = f"modem{len(self.modems)}"
        number = number or f"+3370{len(self.modems) + 1:07d}"

        def make() -> Modem:
            sim = self._core.sim(number, pin=pin, capacity=capacity)
            device = Device(
                name,
                family,
                self._core,
                self._timers,
                sim,
                imei=imei,
                seed=self._seed,
                send_latency_s=send_latency,
                prompt_latency_s=prompt_latency,
                boot_factor=boot_factor,
                chatty=chatty,
            )
            return Modem(self, device, sim, PtyLink(device, port or self._folder / name, self._background.loop))

        modem = self.call(make)
        self.modems.append(modem)
        return modem

    def phone(self, number: str = PHONE_NUMBER) -> Phone:
        """The phone with this number, made and switched on at first use. Refused for the number of a modem's SIM."""
        handset = self.call(self._core.phone, number)
        if handset.number not in self._phones:
            self._phones[handset.number] = Phone(self, handset)
        return self._phones[handset.number]

    # -- what the network does

    @property
    def journal(self) -> list[Accepted]:
        """Everything the network accepted so far, in order, raw: what was lost or sent twice is told here."""
        return list(self._core.journal)

    def wait_for_accepted(self, count: int = 1, *, timeout: float = 5.0) -> list[Accepted]:
        """The journal, once it holds `count` messages (a part counts as one). NotReceived after `timeout` seconds."""
        __tracebackhide__ = True
        taken = self._wait(lambda: journal if len(journal := self.journal) >= count else None, timeout)
        if taken is None:
            raise NotReceived(f"waited {timeout:g} s for {count} accepted; {self._accepted_so_far()}")
        return taken

    def reject(self, recipient: str | None, cause: int) -> None:
        """From now on what is sent to `recipient` (None: to anybody) ends with `+CMS ERROR: cause`."""
        self.call(self._core.reject, recipient, cause)

    def accept(self, recipient: str | None) -> None:
        """Undo `reject` for the same recipient."""
        self.call(self._core.accept, recipient)

    def configure(
        self,
        *,
        delivery_latency: float | None = None,
        report_latency: float | None = None,
        report_loss: float | None = None,
    ) -> None:
        """Turn what was given at the start; what is left out stays."""

        def turn() -> None:
            for name, value in (
                ("delivery_latency_s", delivery_latency),
                ("report_latency_s", report_latency),
                ("report_loss", report_loss),
            ):
                if value is not None:
                    setattr(self._core, name, value)

        self.call(turn)

    def close(self) -> None:
        """The end: no port, no link, no thread stays. Raises the first error of a phone's reaction, if there was one."""
        try:
            for modem in self.modems:
                self.call(modem._link.close)
        finally:
            self._background.close()
            shutil.rmtree(self._folder, ignore_errors=True)
        if self._background.errors:
            raise self._background.errors[0]

    # -- for the handles below

    def call(self, function: Callable[..., Found], *arguments: Any, **named: Any) -> Found:
        """Run a function on the emulator's thread, where network, devices and links may be touched."""
        return self._background.call(function, *arguments, **named)

    def _notify(self) -> None:
        with self._changed:
            self._changed.notify_all()

    def _wait(self, look: Callable[[], Found | None], timeout: float) -> Found | None:
        found: Found | None = None

        def there() -> bool:
            nonlocal found
            found = look()
            return found is not None

        with self._changed:
            self._changed.wait_for(there, timeout)
        return found

    def _accepted_so_far(self) -> str:
        journal = self.journal
        if not journal:
            return "the network has accepted nothing"
        lines = "".join(f"\n  {entry.sender} to {entry.recipient}: {_quoted(entry.text)}" for entry in journal[-10:])
        return f"the network has accepted {len(journal)}:{lines}"


class Phone:
    """A handset on the network."""

    def __init__(self, network: Network, handset: Handset) -> None:
        self.number = handset.number
        self._network = network
        self._handset = handset
        self._handed_out = 0
        self._kept: list[Received] = []
        network.call(handset.on_received.append, lambda received: network._notify())

    @property
    def inbox(self) -> list[Received]:
        """Every message so far, oldest first; long ones joined."""
        return list(self._handset.inbox)

    def wait_for(self, text: str | re.Pattern[str] | None = None, *, timeout: float = 5.0) -> Received:
        """The oldest message that contains `text` (or in which the pattern is found; None: any), once it is there.

        A message is handed out once: wait twice for the same text to see it come twice. NotReceived after `timeout`
        seconds, saying what has come instead.
        """
        __tracebackhide__ = True
        received = self._network._wait(lambda: self._take(text), timeout)
        if received is None:
            raise NotReceived(self._complaint(text, timeout))
        return received

    def send(self, to: str | Modem, text: str) -> None:
        """Write to a modem, to its number, or to another phone. EncodeError for what cannot be put on the air."""
        self._network.call(self._handset.send, to if isinstance(to, str) else to.number, text)

    def on_received(self, react: Callable[[Received], None]) -> None:
        """Call `react` with each message from now on. It runs on the emulator's thread and must not wait."""
        self._network.call(self._handset.on_received.append, react)

    def answer(self, text: str) -> None:
        """Answer each message from now on with `text`."""
        self.on_received(lambda received: self._handset.send(received.sender, text))

    @property
    def on(self) -> bool:
        return self._handset.on

    def switch_off(self) -> None:
        """Leave the network; messages wait at the service centre."""
        self._network.call(self._handset.switch_off)

    def switch_on(self) -> None:
        """Come back; what waited follows."""
        self._network.call(self._handset.switch_on)

    def __repr__(self) -> str:
        return f"<phone {self.number}>"

    def _take(self, text: str | re.Pattern[str] | None) -> Received | None:
        inbox = self._handset.inbox
        self._kept += inbox[self._handed_out :]
        self._handed_out = len(inbox)
        for index, received in enumerate(self._kept):
            if _matches(received.text, text):
                return self._kept.pop(index)
        return None

    def _complaint(self, text: str | re.Pattern[str] | None, timeout: float) -> str:
        wanted = "a message" if text is None else repr(text)
        inbox = self.inbox
        waiting = [id(received) for received in self._kept]
        lines = "".join(
            f"\n  from {received.sender}: {_quoted(received.text)}"
            + ("" if id(received) in waiting else "  (already handed out)")
            for received in inbox[-10:]
        )
        got = f"it has received {len(inbox)}:{lines}" if inbox else "it has received nothing"
        power = "" if self.on else " The phone is switched off."
        told = self._network._accepted_so_far()
        return f"{self.number}: waited {timeout:g} s for {wanted}; {got}\n{told[0].upper()}{told[1:]}{power}"


class Modem:
    """A modem in a port. `port` is what a program opens in place of /dev/ttyUSB0."""

    def __init__(self, network: Network, device: Device, sim: Sim, link: PtyLink) -> None:
        self.name = device.name
        self.family = device.family.name
        self.number = sim.number
        self.imei = device.imei
        self.iccid = sim.iccid
        self.imsi = sim.imsi
        self.transcript = Transcript()
        self._network = network
        self._device = device
        self._sim = sim
        self._link = link
        link.tap = self.transcript.add

    @property
    def port(self) -> str:
        """The path of the port, a link that is there while the modem is plugged in."""
        return str(self._link.path)

    @property
    def plugged(self) -> bool:
        return self._link.plugged

    @property
    def stored(self) -> int:
        """How many messages the SIM holds."""
        return self._sim.memory.used

    # -- faults

    def fault(self, kind: str, **values: Any) -> None:
        """Any fault that the control door takes, by its kind: `fault("deaf", seconds=3)`. ConfigError for a wrong one."""
        from modemd.emulator.lab import Modem as Parts
        from modemd.emulator.orders import fault

        self._network.call(fault(kind, values).apply, Parts(self._device, self._sim, self._link))

    def unplug(self) -> None:
        """Pull it: the port is gone, whoever has it open reads an error, the modem has no power."""
        self._network.call(self._link.unplug)

    def replug(self, port: Path | str | None = None) -> None:
        """Plug it in again, at `port` if given: a new pty, and the modem boots."""
        self._network.call(self._link.replug, port)

    def restart(self) -> None:
        """It reboots at once: what was being sent and not yet accepted never is."""
        self._network.call(self._device.restart)

    def lose_next_answer(self) -> None:
        """The next accepted message gets neither `+CMGS` nor a result."""
        self._network.call(self._device.lose_next_answer)

    def delay_next_answer(self, seconds: float) -> None:
        """The next accepted message is answered this much later."""
        self._network.call(self._device.delay_next_answer, seconds)

    def lose_next_prompt(self) -> None:
        """The next `+CMGS` waits for its message without its prompt."""
        self._network.call(self._device.lose_next_prompt)

    def refuse_next(self, cause: int) -> None:
        """The next message ends with `+CMS ERROR: cause`; nothing is accepted."""
        self._network.call(self._device.refuse_next, cause)

    def deaf_for(self, seconds: float) -> None:
        """What the program writes is lost for this long."""
        self._network.call(self._device.deaf_for, seconds)

    def set_coverage(self, state: int) -> None:
        """What the network grants, as `+CREG` numbers it: 1 home, 2 searching, 3 denied, 5 roaming."""
        self._network.call(self._device.set_coverage, state)

    def notice(self, line: str) -> None:
        """Say this line at this very moment, wherever that falls."""
        self._network.call(self._device.notice, line)

    def __repr__(self) -> str:
        return f"<{self.name}: {self.family} {self.number} at {self.port}>"


def _matches(text: str | None, wanted: str | re.Pattern[str] | None) -> bool:
    if wanted is None:
        return True
    if text is None:
        return False
    return wanted in text if isinstance(wanted, str) else wanted.search(text) is not None


def _quoted(text: str | None) -> str:
    return "not text" if text is None else repr(text)
