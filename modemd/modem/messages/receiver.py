"""Receiver: reads arrivals from the modem, has them stored, and deletes on the modem only what is durable."""

from __future__ import annotations

import asyncio
import re
from collections import deque
from collections.abc import Awaitable, Callable

from modemd import logs
from modemd.at import Urc
from modemd.at.notices import begins_with, squeeze
from modemd.at.replies import StorageSlot, StoredMessage
from modemd.connector import Inbound
from modemd.errors import CommandFailed, StoreUnavailable
from modemd.modem.link.dialogue import Dialogue
from modemd.modem.link.pdu_mode import is_in_text_mode
from modemd.modem.messages.arrivals import Arrivals
from modemd.modem.messages.notice_setting import NoticeSetting
from modemd.modem.messages.pdu_lines import find_whole, is_report
from modemd.modem.messages.receiver_state import ReceiverState
from modemd.modem.messages.slots import RECEIVED, Slots, parse_slot
from modemd.modem.messages.storage_level import StorageLevel
from modemd.modem.messages.stored_messages import ALL_MEMORIES, StoredMessages
from modemd.modem.setup.negotiation import Storage, read_notices
from modemd.modem.status import RECEIVING_REMARK, STORAGE_REMARK, Identity

log = logs.get(__name__)

# Interval at which memories are swept that are not in use, and that no notice named.
OTHER_MEMORIES_S = 600.0
# Reports that are announced and cannot be read: after so many, they are asked for straight.
MAX_MISSED_REPORTS = 3
RECEIVING_PROBLEMS = (RECEIVING_REMARK, STORAGE_REMARK, "list", "unreadable", "reports", "notices")
"""Subjects of the problems that `Receiver.list_problems` tells."""
_REPORTS = "SR"
_NO_SLOT = re.compile(r",\s*-\d")


async def _do_nothing() -> None:
    """Takes the place of a callback that nobody needs."""


class Receiver:
    """Inbound side of one modem: handles the notices of arrivals, and sweeps for arrivals that no notice announced.

    Status reports come as often as messages are sent. Nothing waits for their commit, which they share with the next claim. When
    a report is durable, `wake` is called, and `delete_stored` deletes it on the modem. `step_aside` is awaited between two slots:
    an alarm or otp does not wait for a sweep.
    """

    def __init__(
        self,
        dialogue: Dialogue,
        identity: Identity,
        inbound: Inbound,
        storage: Storage,
        state: ReceiverState | None = None,
        wake: Callable[[], None] = lambda: None,
        step_aside: Callable[[], Awaitable[None]] = _do_nothing,
    ) -> None:
        self._dialogue = dialogue
        self._identity = identity
        self.storage = storage
        self._memory = storage.memory
        self._state = ReceiverState() if state is None else state
        self._notices = NoticeSetting(dialogue, identity.iccid, storage)
        self._arrivals = Arrivals(
            dialogue,
            identity,
            inbound,
            self._state.unstored,
            wake,
            has_storage=not storage.is_direct,
            damaged=self._state.damaged,
            restore_notices=self._notices.restore_after_refusal,
        )
        self._slots = Slots(dialogue, identity.iccid, self._arrivals, self._state)
        self._stored = StoredMessages(dialogue, storage, step_aside)
        self._step_aside = step_aside
        self._loop = asyncio.get_running_loop()
        self.level = StorageLevel(dialogue)
        self._report_slots: dict[int, str] = {}  # PDUs of the reports on the modem that are being stored or deleted
        self._deletable: deque[StoredMessage] = deque()
        self._is_sweeping = False
        self._next_look = 0.0  # when all memories are swept next

    @property
    def remark(self) -> str | None:
        """Remark of the set-up about receiving. None if there is none, or if a modem that refused all settings has handed a
        message over all the same (Android's Cuttlefish knows no `+CNMI`, and hands over everything)."""
        is_disproved = self._state.has_handed_over and not self.storage.notices
        return None if is_disproved else self.storage.remark

    @property
    def has_unstored(self) -> bool:
        """True if an arrival could not be stored: a sweep is worth while as soon as the database may take it."""
        return self._arrivals.has_unstored

    async def handle_notice(self, urc: Urc) -> bool:
        """Handles a notice of an arrival. Returns False if the notice is another one."""
        if urc.line.startswith(("+CDS:", "+CMT:")):
            if urc.pdu is not None:
                self._state.has_handed_over |= urc.line.startswith("+CMT:")
                await self._arrivals.take_direct(urc.line, urc.pdu)
            return True
        if urc.line.startswith(("+CMTI:", "+CDSI:")):
            slot = parse_slot(urc.line)
            if slot is None:  # a garbled notice still means that something arrived
                found = await self.sweep()
                self._state.slotless_notice = urc.line if _NO_SLOT.search(urc.line) and not found else None
            elif urc.line.startswith("+CDSI:"):
                await self._fetch_report(slot)
            else:
                await self._fetch(slot)
            return True
        if begins_with(urc.line, self._identity.profile.full):
            await self.sweep()
            await self.check_storage()
            return True
        return False

    async def check_settings(self) -> bool:
        """Checks that the modem still has the notices that it was set to give. If it has lost them, they are set again, and
        what came meanwhile is swept. Returns False if it has lost more, and must be set up again."""
        if not await self._notices.restore():
            return True
        has_lost_pdu_mode = await is_in_text_mode(self._dialogue)
        errors = await self._dialogue.ask("+CMEE?")
        if has_lost_pdu_mode or any(squeeze(line) == "+CMEE:0" for line in errors.lines):
            log.warning("modem has lost its settings", iccid=self._identity.iccid)
            return False
        await self.sweep()
        return True

    async def check_handing_over(self) -> None:
        """Checks the notices of a modem without storage after it was long busy sending: a message that it handed over
        meanwhile was not acknowledged in time, and it may hand over no more."""
        if self.storage.is_direct:
            await self._notices.restore()

    async def check_storage(self) -> None:
        """Reads the level of the storage, and sweeps if it is nearly full: a full one gets no message, and no notice."""
        if self._memory is None or self._is_sweeping:  # a sweep may have selected another memory
            return
        await self.level.read()
        if self.level.moved_to is not None:  # it may have messages that no notice named
            log.warning("modem stores elsewhere now", iccid=self._identity.iccid, memory=self.level.moved_to)
            self._state.used_memories.add(self.level.moved_to)
        if self.level.wants_sweep:
            await self.sweep()
            await self.level.read_after_sweep()

    def list_problems(self) -> dict[str, str]:
        """Returns what a person should know about receiving although the modem works, in words, by subject."""
        state, problems = self._state, {}
        if self.remark is not None:
            problems[RECEIVING_REMARK] = self.remark
        level = None if self._memory is None else self.level.find_problem(self._memory, len(state.undeletable))
        if level is not None:
            problems[STORAGE_REMARK] = level
        if self._stored.list_refusal is not None:
            problems["list"] = (
                f"the list of messages is refused (AT+CMGL=4: {self._stored.list_refusal}): slots are read one by one"
            )
        unreadable = sorted(f"{memory} {index}" for (memory, index), times in state.unreadable.items() if times > 1)
        if unreadable:
            problems["unreadable"] = (
                f"messages that cannot be read stay on the modem, and fill it: {', '.join(unreadable[:10])}; read them in a phone"
            )
        if state.asks_reports_straight:
            problems["reports"] = "status reports were announced and could not be read on the modem: " + (
                "they are taken straight (+CDS)"
                if state.straight_refusal is None
                else f"the modem refuses to hand them over ({state.straight_refusal}), so they are lost"
            )
        if self._notices.refusal is not None:
            problems["notices"] = (
                f"the modem has lost the setting of its notices (AT+CNMI), and refuses it now ({self._notices.refusal}): "
                "only the sweep finds messages"
            )
        elif state.slotless_notice is not None:
            problems["notices"] = f"a notice named no slot ({state.slotless_notice}), and no message was found"
        return problems

    async def sweep(self) -> int:
        """Stores what is held, then reads, stores and deletes every received message. Returns how many messages there were."""
        if self._is_sweeping:
            return 0
        self._is_sweeping = True
        try:
            return await self._sweep()
        finally:
            self._is_sweeping = False

    async def delete_stored(self) -> None:
        """Deletes the reports that are durable by now, until a notice comes. The notice is handled first: some modems put the
        next report into the slot of the last, and that must be read before the slot is deleted."""
        while self._deletable and not self._dialogue.notices and self._memory is not None:
            stored = self._deletable.popleft()
            if self._report_slots.get(stored.index) == stored.pdu:
                del self._report_slots[stored.index]
                await self._slots.delete(stored, self._memory)
            await self._step_aside()

    async def _sweep(self) -> int:
        self._arrivals.has_unstored = False
        await self._arrivals.wait_for_background()
        # The listing shows the reports that wait for their deletion, too. They are deleted as part of it: no slot is deleted
        # twice, for it may have another message by then.
        self._deletable.clear()
        self._report_slots.clear()
        await self._arrivals.store_held()
        if self._memory is None:
            return 0
        found = await self._clear(self._memory)
        is_look_due = self._loop.time() >= self._next_look
        if is_look_due and self._state.asks_reports_straight:
            await self._ask_reports_straight()  # the set-up of this session has asked for them in the storage
        for memory in self._list_other_memories(all_of_them=is_look_due):
            await self._step_aside()
            async with self._stored.select_as_named(memory) as selection:
                if selection.ok and not selection.is_empty:
                    found += await self._clear_other(memory)
            self._state.used_memories.discard(memory)
        if is_look_due:
            self._next_look = self._loop.time() + OTHER_MEMORIES_S
        return found

    def _list_other_memories(self, *, all_of_them: bool) -> list[str]:
        """Returns the memories to sweep beside the own one: those in which something may be, and now and then all.

        Reports that were announced while nobody had the port open are in another memory, and are not announced again. MT is all
        memories together: it is swept only if they cannot be.
        """
        readable = self.storage.readable
        others = [*sorted(self._state.used_memories | self._state.noticed_memories)]
        if self.storage.reports is not None:
            others.insert(0, self.storage.reports)
        if all_of_them:
            covered = {ALL_MEMORIES} if {"SM", "ME"} <= {*readable, self._memory} else set()
            if self._memory == ALL_MEMORIES:
                covered = {"SM", "ME"}
            others += [memory for memory in readable if memory not in {"BM", *covered}]  # BM: cell broadcasts
        return [memory for memory in dict.fromkeys(others) if memory != self._memory]

    async def _clear_other(self, memory: str) -> int:
        """Clears a memory that is not the own one. If it cannot be listed, the modem is as well as before: its own one can."""
        try:
            found = await self._clear(memory)
        except CommandFailed as error:
            log.info("a memory cannot be listed", iccid=self._identity.iccid, memory=memory, error=str(error))
            return 0
        if found:
            self._state.noticed_memories.add(memory)
        return found

    async def _clear(self, memory: str) -> int:
        """Stores and deletes every received message in the memory that is selected. Returns how many messages there were."""
        listing, state = await self._stored.list_all(), self._state
        read_at = self._loop.time()
        found = [stored for stored in listing.messages if stored.status in RECEIVED]
        present = {(memory, stored.index, stored.pdu) for stored in found}
        state.undeletable -= {key for key in state.undeletable if key[0] == memory and key not in present}
        for key in [key for key in state.deletions if key[0] == memory and key not in present]:
            del state.deletions[key]
        unreadable = set(listing.unreadable)
        for stored in found:
            await self._step_aside()
            if self._has_restarted:
                break  # the memory that is selected may be another one now
            if not await self._slots.store_and_delete(stored, memory, read_at):
                unreadable.add(stored.index)
            elif is_report(stored.pdu):
                state.has_read_report = True
        for slot in [slot for slot in state.unreadable if slot[0] == memory and slot[1] not in unreadable]:
            del state.unreadable[slot]
        for index in unreadable:
            state.unreadable[memory, index] = state.unreadable.get((memory, index), 0) + 1
        return len(found)

    async def _fetch(self, slot: StorageSlot, *, wants_report: bool = False) -> bool:
        """Reads one announced slot, in the memory that the notice named. Returns whether a message was there; with
        `wants_report`, whether a status report was."""
        if self._memory is None:
            return False
        is_own_memory = slot.memory in (self._memory, ALL_MEMORIES)
        async with self._stored.select(slot.memory) as selection:
            if selection.ok and not is_own_memory:
                self._state.noticed_memories.add(slot.memory)
            stored = await self._slots.read(slot.index)
            if stored is None:
                return False
            was_report = is_report(stored.pdu)
            if is_own_memory and self._report_slots.get(stored.index) == stored.pdu:
                return True  # it was announced twice
            if is_own_memory:
                self._report_slots.pop(stored.index, None)
            is_undeletable = (self._memory, stored.index, stored.pdu) in self._state.undeletable
            if wants_report and was_report and is_own_memory and not is_undeletable and find_whole(stored) is not None:
                self._report_slots[stored.index] = stored.pdu
                self._arrivals.start(self._store_report(stored))
            else:
                await self._slots.store_and_delete(
                    stored, self._memory if is_own_memory else slot.memory, self._loop.time()
                )
            return was_report or not wants_report

    async def _fetch_report(self, slot: StorageSlot) -> None:
        """Reads one announced report. If it is not where the notice says, it is looked for in SR: a Quectel EC25 announces
        `+CDSI: "SM",0` for what lies there. If reports can never be read, they are asked for straight (SIM7600)."""
        state = self._state
        places = [slot.memory, *([_REPORTS] if _REPORTS in self.storage.readable else [])]
        for memory in dict.fromkeys(places):
            if await self._fetch(StorageSlot(memory, slot.index), wants_report=True):
                state.missed_reports, state.has_read_report = 0, True
                return
        state.missed_reports += 1
        if state.missed_reports >= MAX_MISSED_REPORTS and not (state.has_read_report or state.asks_reports_straight):
            state.asks_reports_straight = True
            await self._ask_reports_straight()

    async def _ask_reports_straight(self) -> None:
        """Sets `+CNMI` so that reports come by `+CDS` (ds=1, 3GPP TS 27.005 3.4.1), if they are stored now."""
        values = await read_notices(self._dialogue) or ()
        if len(values) > 3 and values[3] == "2":
            command = "+CNMI=" + ",".join([*values[:3], "1", *values[4:]])
            answer = await self._dialogue.ask(command)
            self._state.straight_refusal = None if answer.ok else answer.result.line
            if answer.ok:
                self._notices.replace(command)
            log.warning(
                "reports cannot be read", iccid=self._identity.iccid, command=command, result=answer.result.line
            )

    async def _store_report(self, stored: StoredMessage) -> None:
        """Makes a report durable that stays on the modem until then."""
        try:
            is_stored = await self._arrivals.store_lazily(find_whole(stored) or b"")
        except StoreUnavailable:
            is_stored = False
        if is_stored:
            self._deletable.append(stored)
        elif self._report_slots.get(stored.index) == stored.pdu:
            del self._report_slots[stored.index]
        self._arrivals.wake()

    @property
    def _has_restarted(self) -> bool:
        """True if a notice waits that says that the modem has restarted."""
        restart = self._identity.profile.restart
        return bool(restart) and any(begins_with(urc.line, restart) for urc in self._dialogue.notices)
