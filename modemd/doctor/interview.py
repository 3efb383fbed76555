"""Interview of a modem over an open port: its identity, SIM, network, service centre and storage.

Sets the modem up as the daemon does, so that what the daemon would refuse shows here, but enters no PIN.
"""

from __future__ import annotations

from dataclasses import field
from datetime import datetime

from modemd.at import networktime, replies
from modemd.at.replies import Registration
from modemd.doctor.advice import Finding
from modemd.doctor.codes import Code
from modemd.errors import CommandFailed, DecodeError, ModemError, PortGone, ReplyTimeout, SimUnusable
from modemd.light_dataclass import dataclass
from modemd.modem.link.charset import decode_number
from modemd.modem.link.dialogue import Dialogue
from modemd.modem.link.port import Port
from modemd.modem.recovery.symptoms import WEAK_DBM
from modemd.modem.setup.first_words import wake_modem
from modemd.modem.setup.initialise import set_up_modem
from modemd.modem.setup.registration import read_operator, read_registration
from modemd.modem.setup.sim_pin import ABSENT, FAILED, LOCKED, NoPins, Pin
from modemd.modem.status import Identity
from modemd.profiles import Profiles
from modemd.service.sims.pins import PinFiles

# A modem that was just plugged in needs up to half a minute to register.
REGISTRATION_TRIES = 6
REGISTRATION_INTERVAL_S = 5.0
SIM_CODES = {ABSENT: Code.SIM_ABSENT, FAILED: Code.SIM_FAILURE, LOCKED: Code.SIM_PIN, "SIM PUK": Code.SIM_PUK}
"""Codes by the state of `AT+CPIN?`. Every other state is SIM_OTHER."""


def leave_out_pin_remedy(reason: str) -> str:
    """Returns why the SIM is not open, without what helps if no PIN is named: the finding says that itself."""
    return reason.partition("; name a file with it")[0]


def storage_code(used: int, total: int) -> Code:
    """Returns the code for a storage with so many places."""
    if total == 0:
        return Code.STORAGE_NONE
    return Code.STORAGE_FULL if used >= total else Code.STORAGE_FINE


class PinNotGiven(SimUnusable):
    """PIN that is configured for the SIM, but that the doctor does not enter."""

    def __init__(self, source: str) -> None:
        super().__init__(LOCKED, f"the doctor does not enter the PIN in {source}")
        self.source = source


class WithheldPins(NoPins):
    """`modemd.modem.setup.sim_pin.PinSource` that finds a PIN as the daemon does, and then raises PinNotGiven."""

    def __init__(self, files: PinFiles | None, name: str) -> None:
        self._files = files
        self.name = name

    def find_pin(self, iccid: str | None) -> Pin | None:
        pin = self._files.find(self.name, iccid) if self._files is not None else None
        if pin is not None:
            raise PinNotGiven(pin.source)
        return None


@dataclass
class Interview:
    """Result of an interview. `identity` is None if a question before it failed. `network_time`: the modem's clock, if the
    network sets it."""

    dialogue: Dialogue
    findings: list[Finding] = field(default_factory=list)
    identity: Identity | None = None
    network_time: datetime | None = None


async def interview(
    port: Port, path: str, subject: str, profiles: Profiles, driver: str | None = None, pins: PinFiles | None = None
) -> Interview:
    """Asks the modem on an open port, and leaves the port open. `subject`: the modem or port that the findings name."""
    result = Interview(Dialogue(port))
    interviewer = _Interviewer(result, subject)
    try:
        await interviewer.ask_all(path, profiles, driver, WithheldPins(pins, subject))
    except PinNotGiven as error:
        interviewer.add_finding(Code.SIM_PIN_WAITS, source=error.source)
    except SimUnusable as error:
        interviewer.add_finding(SIM_CODES.get(error.state, Code.SIM_OTHER), reason=leave_out_pin_remedy(str(error)))
    except PortGone as error:
        interviewer.add_finding(Code.PORT_FAILS, reason=str(error))
    except ReplyTimeout:
        interviewer.add_finding(Code.MODEM_SILENT, port=path)
    except (CommandFailed, ModemError) as error:
        interviewer.add_finding(Code.MODEM_REFUSES, reason=str(error))
    return result


class _Interviewer:
    def __init__(self, result: Interview, subject: str) -> None:
        self._interview = result
        self._subject = subject
        self._dialogue = result.dialogue

    def add_finding(self, code: Code, **values: object) -> None:
        self._interview.findings.append(Finding.of(code, self._subject, **values))

    async def ask_all(self, path: str, profiles: Profiles, driver: str | None, pins: WithheldPins) -> None:
        """Asks one question after the other. ModemError from the first that the modem does not answer."""
        dialogue = self._dialogue
        await wake_modem(dialogue)
        identity, storage = await set_up_modem(dialogue, profiles, driver, pins, self._subject)
        self._interview.identity, profile = identity, identity.profile
        model = f"{identity.manufacturer} {identity.model}".strip() or "a modem"
        self.add_finding(Code.MODEM_ANSWERS, model=model, port=path, driver=profile.name)
        for remark in filter(None, (identity.remark, storage.remark)):
            self.add_finding(Code.MODEM_LACKS, remark=remark)
        await self._registration()
        await self._service_centre(identity)
        if not storage.is_direct:
            await self._storage()
        await self._clock()

    async def _registration(self) -> None:
        registration = await read_registration(self._dialogue)
        for _ in range(REGISTRATION_TRIES - 1):
            if registration.is_registered or registration is Registration.DENIED:
                break
            await self._dialogue.pause(REGISTRATION_INTERVAL_S)
            registration = await read_registration(self._dialogue)
        if registration is Registration.DENIED:
            self.add_finding(Code.REGISTRATION_DENIED)
            return
        if not registration.is_registered:
            self.add_finding(Code.NOT_REGISTERED, reason=registration.name.lower())
        else:
            name = await self._operator()
            self.add_finding(
                Code.ROAMING if registration.is_roaming else Code.REGISTERED, operator=f", {name}" if name else ""
            )
        await self._signal()

    async def _operator(self) -> str | None:
        try:
            return await read_operator(self._dialogue)
        except ReplyTimeout:
            return None

    async def _signal(self) -> None:
        reply = await self._dialogue.ask("+CSQ")
        try:
            dbm = replies.parse_signal_dbm(reply.lines)
        except DecodeError:
            dbm = None
        weak = dbm is None or dbm < WEAK_DBM
        self.add_finding(
            Code.SIGNAL_WEAK if weak else Code.SIGNAL_FINE,
            signal="the modem does not know it" if dbm is None else f"{dbm} dBm",
        )

    async def _service_centre(self, identity: Identity) -> None:
        reply = await self._dialogue.ask("+CSCA?")
        try:
            number = replies.parse_service_centre(reply.lines, self._decode_number) if reply.lines else ""
        except DecodeError:
            return
        if number:
            self.add_finding(Code.SMSC_FINE, number=number)
        elif reply.ok:
            self.add_finding(Code.SMSC_MISSING, iccid=identity.iccid)

    def _decode_number(self, string: str) -> str:
        return decode_number(string, self._dialogue.charset)

    async def _storage(self) -> None:
        reply = await self._dialogue.ask("+CPMS?")
        try:
            fill = replies.parse_fill(reply.lines)
        except DecodeError:
            return
        self.add_finding(storage_code(fill.used, fill.total), used=fill.used, total=fill.total)

    async def _clock(self) -> None:
        """Reads the clock if the network sets it (`+CTZU`, 3GPP TS 27.007 8.40); any other clock may be wrong."""
        reply = await self._dialogue.ask("+CTZU?")
        if reply.ok and any(line.replace(" ", "").startswith("+CTZU:1") for line in reply.lines):
            reply = await self._dialogue.ask("+CCLK?")
            found = [networktime.parse_network_time(line) for line in reply.lines if reply.ok]
            self._interview.network_time = next((stamp for stamp in found if stamp is not None), None)
