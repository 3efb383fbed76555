"""Network with modems and phones for tests without asyncio: plain objects, plain calls.

The emulator runs on a thread of its own in the process of the test; each call here is executed there. The pytest plugin
provides these objects; without pytest, use `with Network() as network:`.
"""

from __future__ import annotations

import shutil
import ssl
import tempfile
from pathlib import Path
from typing import Any, Self

from modemd.emulator.device.device import Device
from modemd.emulator.device.family import families
from modemd.emulator.lab.requests.network import Fate, NetworkChange, NextReport, OperatorChange, Refusal, make_request
from modemd.emulator.lab.requests.ussd import UssdReply, UssdServiceRequest
from modemd.emulator.lab.scenario_tables import SimTable
from modemd.emulator.links.pty import PtyLink
from modemd.emulator.network.journal import Accepted
from modemd.emulator.network.network import Network as Core
from modemd.emulator.network.operators import Operator
from modemd.emulator.network.status_reports import LATE_S, Oddity
from modemd.emulator.network.ussd_services import UssdAnswer
from modemd.emulator.smpp.centre import SmppCentre
from modemd.emulator.smpp.server import serve
from modemd.emulator.testing.background import Background
from modemd.emulator.testing.handles import Modem, NotReceived, Phone, describe_accepted
from modemd.emulator.testing.message_centre import PASSWORD, SERVICE_NUMBER, SYSTEM_ID, MessageCentre, NotBound
from modemd.emulator.timers import LoopTimers

__all__ = ["PHONE_NUMBER", "MessageCentre", "Modem", "Network", "NotBound", "NotReceived", "Phone"]

PHONE_NUMBER = "+33612345678"


class Network:
    """An emulated network, with its loop on a thread.

    Without arguments nothing takes time and no report is lost; `be_unkind()` makes it like real ones. Latencies are
    seconds; `report_loss` is the share of delivery reports that never come, 0 to 1; `seed` decides all that is random.
    `close` removes modems, ports and thread, and raises the first error of the emulator, if there was one.

    A value that cannot be raises ConfigError, by the checks of the control API.
    """

    def __init__(
        self,
        *,
        delivery_latency: float = 0.0,
        report_latency: float = 0.0,
        report_loss: float = 0.0,
        seed: int = 0,
    ) -> None:
        change = _make_change(delivery_latency, report_latency, report_loss)
        self.modems: list[Modem] = []
        self.message_centres: list[MessageCentre] = []
        self._seed = seed
        self._folder = Path(tempfile.mkdtemp(prefix="modemd-"))
        self._background = Background("modemd-emulator")
        self._timers = LoopTimers(self._background.loop)
        self._core = Core(self._timers, seed=seed)
        change.apply(self._core)
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
        """Makes a modem with a SIM, plugged in at a port of its own.

        Without `number`, numbers count up from +33700000001. Latencies are seconds, None: those of the family; with
        `boot_factor` 1 a restart takes as long as in the family, with 0 no time; with `chatty` the modem sends the idle
        lines of its family. `operator` is that of the SIM, from `operator()`; `pin` is asked for; `capacity` is how
        many messages the SIM can store; `port` is the path of the port. Raises ValueError for an unknown family,
        ConfigError for a number, PIN or capacity that no SIM of a scenario may have, and Refused for a number that is
        taken.
        """
        if family not in families:
            raise ValueError(f"family {family!r} is not one of {', '.join(families)}")
        name = f"modem{len(self.modems)}"
        number = number if number is not None else f"+3370{len(self.modems) + 1:07d}"
        make_request(SimTable, number=number, pin=pin, capacity=capacity)

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
        """Returns the phone with this number; makes it, switched on, at first use.

        Raises Refused for the number of a modem's SIM.
        """
        handset = self._background.call(self._core.phone, number)
        if handset.number not in self._phones:
            self._phones[handset.number] = Phone(self._background, self._core.journal, handset)
        return self._phones[handset.number]

    def message_centre(
        self,
        *,
        number: str = SERVICE_NUMBER,
        senders: tuple[str, ...] = (),
        system_id: str = SYSTEM_ID,
        password: str = PASSWORD,
        port: int = 0,
        tls: ssl.SSLContext | None = None,
    ) -> MessageCentre:
        """Makes an SMPP 3.4 message centre at a TCP port of 127.0.0.1, with an account for one program.

        Phones can write to `number`. The program sends from it, or from one of `senders`, such as a name of at most 11
        characters. `port` 0 is any that is free; `tls` is the context of its connections. Raises Refused if the number is
        taken, OSError if the port is.
        """
        name = f"smsc{len(self.message_centres)}"

        async def make() -> MessageCentre:
            core = SmppCentre(self._core, name)
            core.add_account(system_id, password, numbers=(number,), senders=senders)
            return MessageCentre(self._background, core, system_id, await serve(core, port=port, tls=tls))

        centre = self._background.run(make())
        self.message_centres.append(centre)
        return centre

    def operator(self, code: str, name: str | None = None, **values: Any) -> Operator:
        """Returns the operator with this code (MCC and MNC); makes it at first use. `modem(operator=...)` has a SIM of it.

        `values`: `smsc`, `country_code`, `delivery_latency_s`, `report_latency_s`, `parts_per_s` (SUBMITs per second
        from one SIM; 0: any number), `refusals` (shares of SUBMITs refused, by `+CMS ERROR` number).
        """
        make_request(OperatorChange, **{key: values[key] for key in values.keys() & OperatorChange.model_fields.keys()})
        return self._background.call(self._core.operator, code, name, **values)

    # -- what the network does

    def be_unkind(self) -> None:
        """Behaves like real networks, and like `modemd emulate` without `--kind`, from now on.

        A tenth of the reports never come, a tenth have the recipient as a national number, and the clock of the service
        centre is wrong by up to ten minutes.
        """
        self._background.call(self._core.be_unkind)

    def be_kind(self) -> None:
        """Undoes `be_unkind`."""
        self._background.call(self._core.be_kind)

    def fate(self, recipient: str, status: int | None) -> None:
        """Sets the TP-Status with which messages to `recipient` end from now on; None: the usual one.

        Below 0x20 they arrive; below 0x40 they are tried without success; from there on the network gives up at once
        (0x45: no interworking).
        """
        self._apply(make_request(Fate, recipient=recipient, status=status))

    def next_report(self, oddity: Oddity, *, seconds: float = LATE_S) -> None:
        """Sets how the next delivery report comes: "late" (by `seconds`), "twice", with a "foreign" one, or "never"."""
        self._apply(make_request(NextReport, comes=oddity, seconds=seconds))

    @property
    def journal(self) -> list[Accepted]:
        """Messages that the network accepted so far, in order, raw: it shows what was lost or sent twice."""
        return list(self._core.journal)

    def wait_for_accepted(self, count: int = 1, *, timeout: float = 5.0) -> list[Accepted]:
        """Returns the journal as soon as it holds `count` messages (a part counts as one).

        Raises NotReceived after `timeout` seconds.
        """
        __tracebackhide__ = True
        taken = self._background.wait_for(lambda: journal if len(journal := self.journal) >= count else None, timeout)
        if taken is None:
            raise NotReceived(f"waited {timeout:g} s for {count} accepted; {describe_accepted(self.journal)}")
        return taken

    def reject(self, recipient: str | None, cause: int) -> None:
        """Refuses messages to `recipient` (None: to anybody) with `+CMS ERROR: cause` from now on."""
        self._apply(make_request(Refusal, recipient=recipient, cause=cause))

    def answer_ussd(self, code: str, answer: str | UssdAnswer | None) -> None:
        """Sets the network's answer to a USSD code from now on; a text comes at once; None: the code is unknown."""
        told = make_request(UssdReply, text=answer, after_s=0).answer() if isinstance(answer, str) else answer
        code = make_request(UssdServiceRequest, code=code).code
        if told is None:
            self._background.call(self._core.ussd.pop, code, None)
        else:
            self._background.call(self._core.ussd.__setitem__, code, told)

    def accept(self, recipient: str | None) -> None:
        """Undoes `reject` for the same recipient."""
        self._apply(make_request(Refusal, recipient=recipient))

    def configure(
        self,
        *,
        delivery_latency: float | None = None,
        report_latency: float | None = None,
        report_loss: float | None = None,
    ) -> None:
        """Changes values that were set at the start; omitted ones stay."""
        self._apply(_make_change(delivery_latency, report_latency, report_loss))

    def _apply(self, request: Fate | NextReport | Refusal | NetworkChange) -> None:
        self._background.call(request.apply, self._core)

    def close(self) -> None:
        """Removes ports, links and thread. Raises the first error of a phone's callback, if there was one."""
        try:
            for modem in self.modems:
                self._background.call(modem._link.close)
            for centre in self.message_centres:
                centre.close()
        finally:
            self._background.close()
            shutil.rmtree(self._folder, ignore_errors=True)
        if self._background.errors:
            raise self._background.errors[0]


def _make_change(
    delivery_latency: float | None, report_latency: float | None, report_loss: float | None
) -> NetworkChange:
    return make_request(
        NetworkChange, delivery_latency_s=delivery_latency, report_latency_s=report_latency, report_loss=report_loss
    )
