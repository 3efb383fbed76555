"""What a session sees to beside messages: the SIM's service centre, calls, the network's name and time, the storage's level."""

from __future__ import annotations

import asyncio
from collections.abc import MutableSequence

from modemd import logs
from modemd.at import Urc, networktime, replies
from modemd.at.replies import Registration
from modemd.errors import DecodeError, ReplyTimeout, StoreUnavailable
from modemd.modem.backend import Backend
from modemd.modem.link.dialogue import Dialogue
from modemd.modem.messages.missed_calls import MissedCalls, is_call_notice
from modemd.modem.messages.receiver import Receiver
from modemd.modem.setup import identity as setup_identity
from modemd.modem.setup.sim import SIM_ERRORS
from modemd.modem.status import Identity, ModemStatus

log = logs.get(__name__)

# AT+COPS? can take three minutes on a bad day; a name is not worth that, and is then not asked for again.
OPERATOR_TIMEOUT_S = 5.0
_ROAMING = (Registration.ROAMING, Registration.SMS_ONLY_ROAMING)
INTERNATIONAL_NUMBER = 145


class StatusPolling:
    """One session's. `unstored_calls` keeps, over the life of a port, calls that the database did not take yet."""

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
        self._calls = MissedCalls()
        self.has_restored_smsc = False
        """Whether the last look found the service centre gone, and put it back."""
        self.has_other_sim = False
        """Whether another SIM sits there now, or the one that did asks for something: everything is to be looked at anew."""

    async def start(self) -> None:
        """Once the modem is set up: callers' numbers are wanted, a service centre is needed, and the clock is heard."""
        self._status.remarks.clear()
        await self._dialogue.ask("+CLIP=1")
        await self._check_service_centre()
        await self._read_clock()

    async def handle_notice(self, urc: Urc) -> bool:
        """Deal with a notice of a call or of the network's time; False where it is none."""
        if is_call_notice(urc.line):
            await self._store_missed_calls(self._calls.handle_notice(urc.line, self._loop.time()))
            return True
        if urc.line.startswith(networktime.NOTICES):
            if (stamp := networktime.parse_network_time(urc.line)) is not None:
                self._backend.report_network_time(stamp, fresh=True)
            return True
        return False

    async def poll(self) -> None:
        """Now and then, with the registration."""
        self.has_other_sim = not await self._is_same_sim()
        if self.has_other_sim:
            return
        roaming = self._status.registration in _ROAMING
        self._backend.report_roaming(self._identity, roaming)
        self._set_remark(
            "roaming", "in a foreign network: no marketing by this SIM", self._backend.is_marketing_held(self._identity)
        )
        if self._status.registration.is_registered:
            await self._poll_operator()
        self.has_restored_smsc = await self._check_service_centre()
        await self._store_missed_calls(self._calls.take_overdue(self._loop.time()))
        await self._receiver.check_storage()
        self._status.storage = self._receiver.fill
        self._set_remark("storage", self._receiver.storage_problem or "", self._receiver.storage_problem is not None)

    async def _is_same_sim(self) -> bool:
        """Whether the SIM is the one that it was, and open. Not every family says that a SIM was pulled or put in."""
        if self._identity.imsi is None:
            return True
        reply = await self._dialogue.ask("+CIMI")
        if not reply.ok:
            return reply.result.line not in SIM_ERRORS
        if any(self._identity.imsi in line for line in reply.lines):
            return True
        return (
            await setup_identity.read_imsi(self._dialogue) == self._identity.imsi
        )  # noise on the line is no other SIM

    # The service centre

    async def _check_service_centre(self) -> bool:
        """Read it (`+CSCA`, 3GPP TS 27.005 3.3.1), and set it where it is not what it should be. Whether it had gone and is back.

        ZTE and some Qualcomm firmware lose it when another program says `AT+CSMP=`.
        """
        found = await self._read_service_centre()
        if found is None:
            return False
        wanted = self._backend.find_service_centre(self._identity, found)
        now = found
        if wanted is not None and wanted != found:
            await self._dialogue.ask(f'+CSCA="{wanted}",{INTERNATIONAL_NUMBER}')
            now = await self._read_service_centre() or ""
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

    async def _read_service_centre(self) -> str | None:
        """The number, empty where there is none; None where the modem does not say."""
        reply = await self._dialogue.ask("+CSCA?")
        if not reply.ok:
            return None
        try:
            return replies.parse_service_centre(reply.lines) if reply.lines else ""
        except DecodeError:
            return None

    # The network

    async def _poll_operator(self) -> None:
        if not self._status.has_operator_name:
            return
        try:
            reply = await self._dialogue.ask("+COPS?", timeout_s=OPERATOR_TIMEOUT_S)
        except ReplyTimeout:
            self._status.has_operator_name = False
            return
        try:
            self._status.operator = replies.parse_operator(reply.lines) if reply.ok else None
        except DecodeError:
            self._status.operator = None

    async def _read_clock(self) -> None:
        """The modem's clock, where the network sets it (`+CTZU`, 3GPP TS 27.007 8.40). It may not have done so yet."""
        reply = await self._dialogue.ask("+CTZU?")
        if not reply.ok or not any(line.replace(" ", "").startswith("+CTZU:1") for line in reply.lines):
            return
        reply = await self._dialogue.ask("+CCLK?")
        for line in reply.lines if reply.ok else ():
            if (stamp := networktime.parse_network_time(line)) is not None:
                self._backend.report_network_time(stamp, fresh=False)

    # Calls

    async def _store_missed_calls(self, number: str | None) -> None:
        """Have a call kept, and hang up where that is wished. One that the database does not take is told again later."""
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
        for command in ("+CHUP", "H"):  # some know the one only, some the other
            if (await self._dialogue.ask(command)).ok:
                return

    def _set_remark(self, about: str, text: str, applies: bool) -> None:
        """Something that a person should know though the modem works; said once in the log."""
        if not applies:
            self._status.remarks.pop(about, None)
        elif self._status.remarks.get(about) != text:
            self._status.remarks[about] = text
            log.warning("modem needs a look", iccid=self._identity.iccid, because=text)
