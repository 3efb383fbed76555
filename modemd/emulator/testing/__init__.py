"""A network with modems and phones for tests that know nothing of asyncio: plain objects, plain calls.

The emulator runs on a thread of its own in the test's process; each call here is carried out there. The pytest plugin
hands these objects out; without pytest, use `with Network() as network:`.
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import Any, Self

from modemd.emulator.device.device import Device
from modemd.emulator.device.family import families
from modemd.emulator.links.pty import PtyLink
from modemd.emulator.network.journal import Accepted
from modemd.emulator.network.network import Network as Core
from modemd.emulator.network.operators import Operator
from modemd.emulator.network.status_reports import LATE_S, Oddity
from modemd.emulator.network.ussd_services import UssdAnswer
from modemd.emulator.testing.background import Background
from modemd.emulator.testing.handles import Modem, NotReceived, Phone, describe_accepted
from modemd.emulator.timers import LoopTimers

__all__ = ["PHONE_NUMBER", "Modem", "Network", "NotReceived", "Phone"]

PHONE_NUMBER = "+33612345678"


class Network:
    """An emulated network. `close` takes modems, ports and thread away; raises what went wrong inside, if anything.

    Without arguments nothing takes time and no report is lost; `be_unkind()` makes it like real ones. Latencies are
    seconds; `report_loss` is the share of delivery reports that never come, 0 to 1; `seed` decides all that is random.
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
        self._timers = LoopTimers(self._background.loop)
        self._core = Core(
            self._timers,
            seed=seed,
            delivery_latency_s=delivery_latency,
            report_latency_s=report_latency,
            report_loss=report_loss,
        )
        self._core.journal.on_accepted.append(lambda entry: self._background.notify())
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
        operator: Operator | None = None,
        pin: str | None = None,
        capacity: int = 50,
        imei: str | None = None,
        port: Path | str | None = None,
    ) -> Modem:
        """A modem with a SIM, plugged in, at a port of its own.

        `number` left out counts up from +33700000001. Latencies are seconds, None the family's own; `boot_factor` 1
        lets a restart take as long as the family's does, 0 no time; `chatty` lets it say its family's idle lines.
        `operator` is the SIM's, as `operator()` made it; `pin` is asked for; `capacity` is the SIM's room for messages;
        `port` is the path to appear at. ValueError for a family there is none of; Refused for a number that is taken.
        """
        if family not in families:
            raise ValueError(f"family {family!r} is not one of {', '.join(families)}")
        name = f"modem{len(self.modems)}"
        number = number or f"+3370{len(self.modems) + 1:07d}"

        def make() -> Modem:
            sim = self._core.sim(number, operator=operator, pin=pin, capacity=capacity)
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
            link = PtyLink(device, port or self._folder / name, self._background.loop)
            return Modem(self._background, device, sim, link)

        modem = self._background.call(make)
        self.modems.append(modem)
        return modem

    def phone(self, number: str = PHONE_NUMBER) -> Phone:
        """The phone with this number, made and switched on at first use. Refused for the number of a modem's SIM."""
        handset = self._background.call(self._core.phone, number)
        if handset.number not in self._phones:
            self._phones[handset.number] = Phone(self._background, self._core.journal, handset)
        return self._phones[handset.number]

    def operator(self, code: str, name: str | None = None, **values: Any) -> Operator:
        """The operator with this code (MCC and MNC), made at first use: `modem(operator=...)` has a SIM of it.

        `values`: `smsc`, `country_code`, `delivery_latency_s`, `report_latency_s`, `parts_per_s` (SUBMITs a second from
        one SIM; 0: any), `refusals` (shares of SUBMITs refused, by `+CMS ERROR` number).
        """
        return self._background.call(self._core.operator, code, name, **values)

    # -- what the network does

    def be_unkind(self) -> None:
        """Behave as real networks do, and `modemd emulate` without `--kind`: a tenth of the reports never come, a tenth
        name the recipient as a national number, and the service centre's clock is off by up to ten minutes."""
        self._background.call(self._core.be_unkind)

    def be_kind(self) -> None:
        """Undo `be_unkind`."""
        self._background.call(self._core.be_kind)

    def fate(self, recipient: str, status: int | None) -> None:
        """From now on messages to `recipient` come to the end with this TP-Status (0x45: it cannot be reached); None: to
        that of others. Below 0x20 they arrive; below 0x40 they are tried in vain; from there on they are given up."""
        self._background.call(self._core.fate, recipient, status)

    def next_report(self, oddity: Oddity, *, seconds: float = LATE_S) -> None:
        """The next delivery report comes "late" (by `seconds`), "twice", beside a "foreign" one, or "never"."""
        self._background.call(self._core.next_report, oddity, seconds=seconds)

    @property
    def journal(self) -> list[Accepted]:
        """Everything the network accepted so far, in order, raw: what was lost or sent twice is told here."""
        return list(self._core.journal)

    def wait_for_accepted(self, count: int = 1, *, timeout: float = 5.0) -> list[Accepted]:
        """The journal, once it holds `count` messages (a part counts as one). NotReceived after `timeout` seconds."""
        __tracebackhide__ = True
        taken = self._background.wait_for(lambda: journal if len(journal := self.journal) >= count else None, timeout)
        if taken is None:
            raise NotReceived(f"waited {timeout:g} s for {count} accepted; {describe_accepted(self.journal)}")
        return taken

    def reject(self, recipient: str | None, cause: int) -> None:
        """From now on what is sent to `recipient` (None: to anybody) ends with `+CMS ERROR: cause`."""
        self._background.call(self._core.reject, recipient, cause)

    def answer_ussd(self, code: str, answer: str | UssdAnswer | None) -> None:
        """From now on the network answers this to a USSD code, at once where it is a text; None: the code is unknown."""
        if answer is None:
            self._background.call(self._core.ussd.pop, code, None)
        else:
            service = UssdAnswer(answer, after_s=0) if isinstance(answer, str) else answer
            self._background.call(self._core.ussd.__setitem__, code, service)

    def accept(self, recipient: str | None) -> None:
        """Undo `reject` for the same recipient."""
        self._background.call(self._core.accept, recipient)

    def configure(
        self,
        *,
        delivery_latency: float | None = None,
        report_latency: float | None = None,
        report_loss: float | None = None,
    ) -> None:
        """Turn what was given at the start; what is left out stays."""

        def change() -> None:
            for name, value in (
                ("delivery_latency_s", delivery_latency),
                ("report_latency_s", report_latency),
                ("report_loss", report_loss),
            ):
                if value is not None:
                    setattr(self._core, name, value)

        self._background.call(change)

    def close(self) -> None:
        """The end: no port, no link, no thread stays. Raises the first error of a phone's reaction, if there was one."""
        try:
            for modem in self.modems:
                self._background.call(modem._link.close)
        finally:
            self._background.close()
            shutil.rmtree(self._folder, ignore_errors=True)
        if self._background.errors:
            raise self._background.errors[0]
