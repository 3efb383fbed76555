"""Polling of a modem's status: registration, signal, SIM, operator, service centre, storage level, the network's time, and
calls."""

from __future__ import annotations

import asyncio
from collections.abc import MutableSequence

from modemd import logs
from modemd.at import Urc, networktime, replies
from modemd.errors import DecodeError, ReplyTimeout, StoreUnavailable
from modemd.modem.backend import Backend
from modemd.modem.link.charset import decode_number, encode_string
from modemd.modem.link.dialogue import Dialogue
from modemd.modem.messages.missed_calls import MissedCalls, is_call_notice
from modemd.modem.messages.receiver import RECEIVING_PROBLEMS, Receiver
from modemd.modem.setup import identity as setup_identity
from modemd.modem.setup.registration import read_operator, read_registration
from modemd.modem.setup.sim_pin import SIM_ERRORS
from modemd.modem.status import Identity, ModemStatus

log = logs.get(__name__)

INTERNATIONAL_NUMBER = 145


class StatusPolling:
    """Polling in one session. `unstored_calls` has the numbers of missed calls that the database has not taken yet; it
    outlives the session."""

    def __init__(
        self,
        dialogue: Dialogue,
        identity: Identity,
        backend: Backend,
        status: ModemStatus,
        receiver: Receiver,
        unstored_calls: MutableSequence[str],
    ) -> None:
        self._dialogue = dialogue
        self._identity = identity
        self._backend = backend
        self._status = status
        self._receiver = receiver
        self._unstored_calls = unstored_calls
        self._loop = asyncio.get_running_loop()
        self._calls = MissedCalls(self._decode_number)
        self._refused_centre: tuple[str, str] | None = (
            None  # the service centre that was refused, and the one that stayed
        )
        self.has_restored_smsc = False
        """True if the last poll found the service centre missing, and set it again."""
        self.has_other_sim = False
        """True if another SIM is inserted now, or the SIM needs its PIN: the modem must be set up again."""
        self.has_lost_settings = False
        """True if the modem has lost PDU mode or its memories: it must be set up again."""

    async def start(self) -> None:
        """Starts in a modem that is set up: asks for callers' numbers, checks the service centre, and reads the clock."""
        self._status.remarks.clear()
        self._set_remark("identity", self._identity.remark or "", self._identity.remark is not None)
        await self._dialogue.ask("+CLIP=1")
        await self._check_service_centre()
        await self._read_clock()

    async def handle_notice(self, urc: Urc) -> bool:
        """Handles a notice of a call or of the network's time. Returns False if the notice is another one."""
        if is_call_notice(urc.line):
            await self._store_missed_calls(self._calls.handle_notice(urc.line, self._loop.time()))
            return True
        if urc.line.startswith(networktime.NOTICES):
            if (stamp := networktime.parse_network_time(urc.line)) is not None:
                self._backend.report_network_time(stamp, fresh=True)
            return True
        return False

    async def poll(self) -> None:
        """Polls SIM, operator, service centre and storage, by the registration that `poll_network` read."""
        self.has_other_sim = not await self._is_same_sim()
        if self.has_other_sim:
            return
        roaming = self._status.registration.is_roaming
        self._backend.report_roaming(self._identity, roaming)
        self._set_remark(
            "roaming", "in a foreign network: no marketing by this SIM", self._backend.is_marketing_held(self._identity)
        )
        if self._status.registration.is_registered:
            await self._poll_operator()
        self.has_restored_smsc = await self._check_service_centre()
        await self._store_missed_calls(self._calls.take_overdue(self._loop.time()))
        self.has_lost_settings = not await self._receiver.check_settings()
        if self.has_lost_settings:
            return
        await self._receiver.check_storage()
        self.has_lost_settings = self._receiver.level.moved_to is not None
        self._status.storage = self._receiver.level.fill
        problems = self._receiver.list_problems()
        for about in RECEIVING_PROBLEMS:
            self._set_remark(about, problems.get(about, ""), about in problems)

    async def _is_same_sim(self) -> bool:
        """True if the SIM is the same as at the set-up, and open. Not every family reports that a SIM was removed or
        inserted."""
        if self._identity.imsi is None:
            return True
        reply = await self._dialogue.ask("+CIMI")
        if not reply.ok:
            return reply.result.line not in SIM_ERRORS
        if any(self._identity.imsi in line for line in reply.lines):
            return True
        return (
            await setup_identity.read_imsi(self._dialogue) == self._identity.imsi
        )  # another answer may be due to noise on the line

    async def poll_network(self) -> None:
        """Reads registration and signal into the status."""
        status = self._status
        status.registration = await read_registration(self._dialogue)
        reply = await self._dialogue.ask("+CSQ")
        try:
            status.signal_dbm = replies.parse_signal_dbm(reply.lines)
        except DecodeError:
            status.signal_dbm = None

    # The service centre

    async def _check_service_centre(self) -> bool:
        """Reads the service centre (`+CSCA`, 3GPP TS 27.005 3.3.1), and sets it if it is not what it should be. Returns True if
        it was missing and is set again.

        ZTE and some Qualcomm firmware lose it when another program writes `AT+CSMP=`.
        """
        found = await self._read_service_centre()
        if found is None:
            return False
        wanted = self._backend.find_service_centre(self._identity, found)
        now = found
        if wanted is not None and wanted != found and (wanted, found) != self._refused_centre:
            string = encode_string(wanted, self._dialogue.charset)
            await self._dialogue.ask(f'+CSCA="{string}",{INTERNATIONAL_NUMBER}')
            now = await self._read_service_centre() or ""
            # What the modem does not take is not written again at each poll: that would wear the SIM out.
            self._refused_centre = (wanted, now) if now != wanted else None
            log.warning(
                "service centre was another",
                iccid=self._identity.iccid,
                was=found or "none",
                wanted=wanted,
                now=now or "none",
            )
        self._status.smsc = now or None
        self._set_remark(
            "smsc",
            "the SIM has no service centre (AT+CSCA? is empty): set sims.<iccid>.smsc to the operator's number"
            if wanted is None
            else f"the modem does not take {wanted} as service centre",
            not now or (wanted is not None and now != wanted),
        )
        return not found and bool(now)

    def _decode_number(self, string: str) -> str:
        return decode_number(string, self._dialogue.charset)

    async def _read_service_centre(self) -> str | None:
        """Returns the number, empty if there is none; None if the modem does not tell."""
        reply = await self._dialogue.ask("+CSCA?")
        if not reply.ok:
            return None
        try:
            return replies.parse_service_centre(reply.lines, self._decode_number) if reply.lines else ""
        except DecodeError:
            return None

    # Operator and clock

    async def _poll_operator(self) -> None:
        """Reads the operator's name. After a time-out it is not asked for again."""
        if not self._status.has_operator_name:
            return
        try:
            self._status.operator = await read_operator(self._dialogue)
        except ReplyTimeout:
            self._status.has_operator_name = False

    async def _read_clock(self) -> None:
        """Reads the modem's clock, if the network sets it (`+CTZU`, 3GPP TS 27.007 8.40). It may not have been set yet."""
        reply = await self._dialogue.ask("+CTZU?")
        if not reply.ok or not any(line.replace(" ", "").startswith("+CTZU:1") for line in reply.lines):
            return
        reply = await self._dialogue.ask("+CCLK?")
        for line in reply.lines if reply.ok else ():
            if (stamp := networktime.parse_network_time(line)) is not None:
                self._backend.report_network_time(stamp, fresh=False)

    # Calls

    async def _store_missed_calls(self, number: str | None) -> None:
        """Stores a missed call, and rejects it if that is configured. A call that the database does not take is stored
        later."""
        if number is not None:
            self._unstored_calls.append(number)
            if self._calls.is_ringing and self._backend.is_rejecting_calls:
                await self._hang_up()
        while self._unstored_calls:
            try:
                await self._backend.inbound.store_missed_call(self._identity.sender, self._unstored_calls[0])
            except StoreUnavailable as error:
                log.error("call not kept yet", iccid=self._identity.iccid, error=str(error))
                return
            self._unstored_calls.pop(0)

    async def _hang_up(self) -> None:
        for command in ("+CHUP", "H"):  # some modems know only one of the two
            if (await self._dialogue.ask(command)).ok:
                return

    def _set_remark(self, about: str, text: str, applies: bool) -> None:
        """Sets or removes the remark about a problem that a person should know although the modem works. A new remark is
        logged."""
        if not applies:
            self._status.remarks.pop(about, None)
        elif self._status.remarks.get(about) != text:
            self._status.remarks[about] = text
            log.warning("modem needs a look", iccid=self._identity.iccid, because=text)
