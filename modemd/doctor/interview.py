"""What a modem says of itself, over a port that is open: who it is, its SIM, network, service centre, storage. Nothing is set
but echo and the form of errors, and no PIN is given."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from modemd.at import networktime, replies
from modemd.at.replies import Registration
from modemd.doctor.advice import Finding
from modemd.doctor.codes import Code
from modemd.errors import CommandFailed, DecodeError, ModemError, PortGone, ReplyTimeout, SimUnusable
from modemd.modem.link.dialogue import Dialogue
from modemd.modem.link.port import Port
from modemd.modem.recovery.symptoms import WEAK_DBM
from modemd.modem.setup.first_words import wake_modem
from modemd.modem.setup.initialise import identify
from modemd.modem.setup.sim import ABSENT, FAILED, LOCKED, NoPins, Pin
from modemd.modem.status import Identity
from modemd.profiles import Profiles
from modemd.service.sims.pins import PinFiles

# A modem that was just plugged in needs a while until it is in the network.
REGISTRATION_TRIES = 6
REGISTRATION_INTERVAL_S = 5.0
OPERATOR_TIMEOUT_S = 5.0
SIM_CODES = {ABSENT: Code.SIM_ABSENT, FAILED: Code.SIM_FAILURE, LOCKED: Code.SIM_PIN, "SIM PUK": Code.SIM_PUK}
"""By the state of `AT+CPIN?`; every other one is SIM_OTHER, with the reason in the modem's own words."""


class PinNotGiven(SimUnusable):
    """There is a PIN for the SIM, and it is not for the doctor to give."""

    def __init__(self, source: str) -> None:
        super().__init__(LOCKED, f"the PIN in {source} is not given")
        self.source = source


class WithheldPins(NoPins):
    """`modemd.modem.setup.sim.PinSource` that finds a PIN as the daemon does, and then says so."""

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
    """What came of it. `identity` where the modem got so far; `network` is its clock, where the network sets that."""

    dialogue: Dialogue
    findings: list[Finding] = field(default_factory=list)
    identity: Identity | None = None
    network_time: datetime | None = None


async def interview(
    port: Port, path: str, subject: str, profiles: Profiles, driver: str | None = None, pins: PinFiles | None = None
) -> Interview:
    """Ask whoever is behind an open port; it stays open. `subject`: what the findings are about."""
    told = Interview(Dialogue(port))
    asked = _Interviewer(told, subject)
    try:
        await asked.ask_all(path, profiles, driver, WithheldPins(pins, subject))
    except PinNotGiven as error:
        asked.add_finding(Code.SIM_PIN_WAITS, source=error.source)
    except SimUnusable as error:
        asked.add_finding(SIM_CODES.get(error.state, Code.SIM_OTHER), reason=str(error))
    except PortGone as error:
        asked.add_finding(Code.PORT_FAILS, reason=str(error))
    except ReplyTimeout:
        asked.add_finding(Code.MODEM_SILENT, port=path)
    except (CommandFailed, ModemError) as error:
        asked.add_finding(Code.MODEM_REFUSES, reason=str(error))
    return told


class _Interviewer:
    def __init__(self, told: Interview, subject: str) -> None:
        self._interview = told
        self._subject = subject
        self._dialogue = told.dialogue

    def add_finding(self, code: Code, **values: object) -> None:
        self._interview.findings.append(Finding.of(code, self._subject, **values))

    async def ask_all(self, path: str, profiles: Profiles, driver: str | None, pins: WithheldPins) -> None:
        """One question after the other, until one cannot be answered. ModemError."""
        dialogue = self._dialogue
        await wake_modem(dialogue)
        identity = self._interview.identity = await identify(dialogue, profiles, driver, pins)
        profile = identity.profile
        dialogue.apply_profile(profile)
        model = f"{identity.manufacturer} {identity.model}".strip() or "a modem"
        self.add_finding(Code.MODEM_ANSWERS, model=model, port=path, driver=profile.name)
        await self._registration()
        await self._service_centre(identity)
        await self._storage()
        await self._clock()

    async def _registration(self) -> None:
        registration = await self._registered()
        for _ in range(REGISTRATION_TRIES - 1):
            if registration.is_registered or registration is Registration.DENIED:
                break
            await self._dialogue.pause(REGISTRATION_INTERVAL_S)
            registration = await self._registered()
        if registration is Registration.DENIED:
            self.add_finding(Code.REGISTRATION_DENIED)
            return
        if not registration.is_registered:
            self.add_finding(Code.NOT_REGISTERED, reason=registration.name.lower())
        else:
            home = registration in (Registration.HOME, Registration.SMS_ONLY_HOME)
            name = await self._operator()
            self.add_finding(Code.REGISTERED if home else Code.ROAMING, operator=f", {name}" if name else "")
        await self._signal()

    async def _registered(self) -> Registration:
        """A modem on LTE alone may say so only to +CEREG."""
        found = Registration.UNKNOWN
        for command in ("+CREG?", "+CGREG?", "+CEREG?"):
            reply = await self._dialogue.ask(command)
            try:
                said = replies.parse_registration(reply.lines)
            except DecodeError:
                continue
            if said.is_registered:
                return said
            if found is Registration.UNKNOWN or said is Registration.DENIED:
                found = said
        return found

    async def _operator(self) -> str | None:
        try:
            reply = await self._dialogue.ask("+COPS?", timeout_s=OPERATOR_TIMEOUT_S)
            return replies.parse_operator(reply.lines) if reply.ok else None
        except (ReplyTimeout, DecodeError):
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
            signal="the modem knows none" if dbm is None else f"{dbm} dBm",
        )

    async def _service_centre(self, identity: Identity) -> None:
        reply = await self._dialogue.ask("+CSCA?")
        try:
            number = replies.parse_service_centre(reply.lines) if reply.lines else ""
        except DecodeError:
            return
        if number:
            self.add_finding(Code.SMSC_FINE, number=number)
        elif reply.ok:
            self.add_finding(Code.SMSC_MISSING, iccid=identity.iccid)

    async def _storage(self) -> None:
        reply = await self._dialogue.ask("+CPMS?")
        try:
            fill = replies.parse_fill(reply.lines)
        except DecodeError:
            return
        full = 0 < fill.total <= fill.used
        self.add_finding(Code.STORAGE_FULL if full else Code.STORAGE_FINE, used=fill.used, total=fill.total)

    async def _clock(self) -> None:
        """Where the network sets it (`+CTZU`, 3GPP TS 27.007 8.40): any other may be wrong."""
        reply = await self._dialogue.ask("+CTZU?")
        if reply.ok and any(line.replace(" ", "").startswith("+CTZU:1") for line in reply.lines):
            reply = await self._dialogue.ask("+CCLK?")
            found = [networktime.parse_network_time(line) for line in reply.lines if reply.ok]
            self._interview.network_time = next((stamp for stamp in found if stamp is not None), None)
