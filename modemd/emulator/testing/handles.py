"""A phone and a modem as tests hold them: plain objects whose calls are carried out on the emulator's thread."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from modemd.emulator.device.device import Device
from modemd.emulator.links.pty import PtyLink
from modemd.emulator.network.journal import Accepted, Journal
from modemd.emulator.network.messages import MessageContent
from modemd.emulator.network.status_reports import LATE_S, Oddity
from modemd.emulator.network.subscribers import Phone as Handset
from modemd.emulator.network.subscribers import Received, Sim
from modemd.emulator.testing.background import Background
from modemd.emulator.testing.transcript import Transcript


class NotReceived(AssertionError):
    """What was waited for did not come in time; the message says what came instead."""


class Phone:
    """A handset on the network."""

    def __init__(self, background: Background, journal: Journal, handset: Handset) -> None:
        self.number = handset.number
        self._background = background
        self._journal = journal
        self._handset = handset
        self._handed_out = 0
        self._pending: list[Received] = []
        background.call(handset.on_received.append, lambda received: background.notify())

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
        received = self._background.wait_for(lambda: self._take(text), timeout)
        if received is None:
            raise NotReceived(self._describe_not_received(text, timeout))
        return received

    def send(self, to: str | Modem, content: str | MessageContent) -> None:
        """Write to a modem, to its number, or to another phone: a text, or one of `modemd.emulator.network.messages`.

        EncodeError for what cannot be put on the air.
        """
        self._background.call(self._handset.send, _number_of(to), content)

    def on_received(self, react: Callable[[Received], None]) -> None:
        """Call `react` with each message from now on. It runs on the emulator's thread and must not wait."""
        self._background.call(self._handset.on_received.append, react)

    def answer(self, text: str) -> None:
        """Answer each message from now on with `text`."""
        self.on_received(lambda received: self._handset.send(received.sender, text))

    @property
    def on(self) -> bool:
        return self._handset.on

    def switch_off(self) -> None:
        """Leave the network; messages wait at the service centre."""
        self._background.call(self._handset.switch_off)

    def switch_on(self) -> None:
        """Come back; what waited follows."""
        self._background.call(self._handset.switch_on)

    def call(self, to: str | Modem, *, seconds: float | None = None) -> None:
        """Call a modem, its number, or another phone, for so long; None until somebody ends it, or nobody answers."""
        self._background.call(self._handset.call, _number_of(to), for_s=seconds)

    def hang_up(self) -> None:
        """End the phone's calls."""
        self._background.call(self._handset.hang_up)

    @property
    def calls(self) -> list[str]:
        """How each of its calls stands or ended, oldest first: `ringing`, `answered`, `hung_up`, `refused`, ..."""
        return [call.state.value for call in self._handset.calls]

    def __repr__(self) -> str:
        return f"<phone {self.number}>"

    def _take(self, text: str | re.Pattern[str] | None) -> Received | None:
        inbox = self._handset.inbox
        self._pending += inbox[self._handed_out :]
        self._handed_out = len(inbox)
        for index, received in enumerate(self._pending):
            if _matches(received.text, text):
                return self._pending.pop(index)
        return None

    def _describe_not_received(self, text: str | re.Pattern[str] | None, timeout: float) -> str:
        wanted = "a message" if text is None else repr(text)
        inbox = self.inbox
        waiting = [id(received) for received in self._pending]
        lines = "".join(
            f"\n  from {received.sender}: {_quoted(received.text)}"
            + ("" if id(received) in waiting else "  (already handed out)")
            for received in inbox[-10:]
        )
        got = f"it has received {len(inbox)}:{lines}" if inbox else "it has received nothing"
        power = "" if self.on else " The phone is switched off."
        accepted = describe_accepted(self._journal)
        return f"{self.number}: waited {timeout:g} s for {wanted}; {got}\n{accepted[0].upper()}{accepted[1:]}{power}"


class Modem:
    """A modem in a port. `port` is what a program opens in place of /dev/ttyUSB0."""

    def __init__(self, background: Background, device: Device, sim: Sim, link: PtyLink) -> None:
        self.name = device.name
        self.family = device.family.name
        self.number = sim.number
        self.imei = device.imei
        self.iccid = sim.iccid
        self.imsi = sim.imsi
        self.transcript = Transcript()
        self._background = background
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
        from modemd.emulator.lab.lab import LabModem as Parts
        from modemd.emulator.lab.requests.network import fault

        self._background.call(fault(kind, values).apply, Parts(self._device, self._sim, self._link))

    def unplug(self) -> None:
        """Pull it: the port is gone, whoever has it open reads an error, the modem has no power."""
        self._background.call(self._link.unplug)

    def replug(self, port: Path | str | None = None) -> None:
        """Plug it in again, at `port` if given: a new pty, and the modem boots."""
        self._background.call(self._link.replug, port)

    def restart(self) -> None:
        """It reboots at once: what was being sent and not yet accepted never is."""
        self._background.call(self._device.restart)

    def lose_next_answer(self) -> None:
        """The next accepted message gets neither `+CMGS` nor a result."""
        self._background.call(self._device.lose_next_answer)

    def delay_next_answer(self, seconds: float) -> None:
        """The next accepted message is answered this much later."""
        self._background.call(self._device.delay_next_answer, seconds)

    def lose_next_prompt(self) -> None:
        """The next `+CMGS` waits for its message without its prompt."""
        self._background.call(self._device.lose_next_prompt)

    def refuse_next(self, cause: int) -> None:
        """The next message ends with `+CMS ERROR: cause`; nothing is accepted."""
        self._background.call(self._device.refuse_next, cause)

    def deaf_for(self, seconds: float) -> None:
        """What the program writes is lost for this long."""
        self._background.call(self._device.deaf_for, seconds)

    def next_report(self, oddity: Oddity, *, seconds: float = LATE_S) -> None:
        """The next delivery report for it comes "late" (by `seconds`), "twice", beside a "foreign" one, or "never"."""
        self._background.call(self._device.network.next_report, oddity, sim=self._sim, seconds=seconds)

    def set_coverage(self, state: int) -> None:
        """What the network grants, as `+CREG` numbers it: 1 home, 2 searching, 3 denied, 5 roaming."""
        self._background.call(self._device.set_coverage, state)

    def notice(self, line: str) -> None:
        """Say this line at this very moment, wherever that falls."""
        self._background.call(self._device.notice, line)

    def __repr__(self) -> str:
        return f"<{self.name}: {self.family} {self.number} at {self.port}>"


def _number_of(to: str | Modem) -> str:
    return to if isinstance(to, str) else to.number


def _matches(text: str | None, wanted: str | re.Pattern[str] | None) -> bool:
    if wanted is None:
        return True
    if text is None:
        return False
    return wanted in text if isinstance(wanted, str) else wanted.search(text) is not None


def _quoted(text: str | None) -> str:
    """A text as a message shows it."""
    return "not text" if text is None else repr(text)


def describe_accepted(journal: Iterable[Accepted]) -> str:
    """Returns a sentence about the messages in the journal; it lists the last 10."""
    entries = list(journal)
    if not entries:
        return "the network has accepted nothing"
    lines = "".join(f"\n  {entry.sender} to {entry.recipient}: {_quoted(entry.text)}" for entry in entries[-10:])
    return f"the network has accepted {len(entries)}:{lines}"
