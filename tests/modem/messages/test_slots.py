"""A slot is emptied only of what is durable and still there."""

from __future__ import annotations

import asyncio

import pytest

from modemd.at import Urc
from modemd.modem.messages.slots import FRESH_S, MAX_DELETIONS
from tests.modem.messages.bench import EMPTY, FIRST, SECOND, bench
from tests.modem.scripted_port import simulated

LISTED = f">> AT+CMGL=4 \n << +CMGL: 7,1,,26 | {FIRST} | OK"
READ_SECOND = f">> AT+CMGR=7 \n << +CMGR: 0,,25 | {SECOND} | OK"
DELETED = ">> AT+CMGD=7 \n << OK"


@pytest.mark.parametrize("notice", ['+CMTI: "SM",7', '+CDSI: "SM",7', "+CMTI:"], ids=["message", "report", "garbled"])
@simulated
async def test_what_replaces_a_message_in_its_slot_is_read_before_the_slot_is_deleted(notice: str) -> None:
    """A notice of the slot waits when its message is durable: the slot is read again, and both messages are stored."""
    async with bench(f"{LISTED} \n {READ_SECOND} \n {READ_SECOND} \n {DELETED}") as b:
        b.backend.commit_s = 1.0
        sweeping = asyncio.ensure_future(b.receiver.sweep())
        await asyncio.sleep(0.5)
        b.dialogue.notices.append(Urc(notice))
        await sweeping
        assert b.stored == [FIRST, SECOND]


@simulated
async def test_a_slot_that_is_announced_while_its_message_is_stored_is_looked_at() -> None:
    """Twice replaced: each is read and stored; deleted is what was read last, with no notice since."""
    third = FIRST[:-2] + "CA"
    read_third = f">> AT+CMGR=7 \n << +CMGR: 0,,26 | {third} | OK"
    async with bench(
        f'{LISTED} \n << +CMTI: "SM",7 [0.5] \n {READ_SECOND} \n {read_third} \n {read_third} \n {DELETED}'
    ) as b:
        b.backend.commit_s = 1.0
        await b.receiver.sweep()
        assert b.stored == [FIRST, SECOND, third]


@simulated
async def test_a_notice_of_another_slot_costs_nothing() -> None:
    """Neither another slot nor the same one of another memory is this one."""
    async with bench(f'{LISTED} \n << +CMTI: "SM",8 | +CMTI: "ME",7 [0.1] \n {DELETED}') as b:
        b.backend.commit_s = 1.0
        await b.receiver.sweep()
        assert b.stored == [FIRST]


@simulated
async def test_what_was_read_long_ago_is_read_again() -> None:
    """A slow disk: until the message is durable another may lie there, whose notice was lost."""
    async with bench(f"{LISTED} \n {READ_SECOND} \n {READ_SECOND} \n {DELETED}") as b:
        b.backend.commit_s = FRESH_S + 0.1
        await b.receiver.sweep()
        assert b.stored == [FIRST, SECOND]


@simulated
async def test_a_slot_that_is_empty_by_then_is_not_deleted() -> None:
    """Somebody else has emptied it; what comes there next stays."""
    async with bench(f"{LISTED} \n >> AT+CMGR=7 \n << OK") as b:
        b.backend.commit_s = FRESH_S + 0.1
        await b.receiver.sweep()
        assert b.stored == [FIRST]


@simulated
async def test_a_slot_that_changes_during_its_deletion_is_looked_at_again() -> None:
    """The notice comes within the deletion's answer: it waits, and leads to the slot."""
    deleted = '>> AT+CMGD=7 \n << +CMTI: "SM",7 | OK'
    async with bench(f"{LISTED} \n {deleted} \n {READ_SECOND} \n {DELETED}") as b:
        await b.receiver.sweep()
        assert await b.receiver.handle_notice(b.dialogue.notices.popleft())
        assert b.stored == [FIRST, SECOND]


@simulated
async def test_no_slot_is_deleted_after_a_restart() -> None:
    """The memory that is selected then may be another one: the sweep ends, and the set-up comes first."""
    listed = f">> AT+CMGL=4 \n << +CMGL: 7,1,,26 | {FIRST} | +CMGL: 8,1,,25 | {SECOND} | OK"
    async with bench(f"{listed} \n >> AT+CMGD=7 \n << OK | RDY") as b:
        await b.receiver.sweep()
        assert b.stored == [FIRST]


@simulated
async def test_a_refused_deletion_is_remembered() -> None:
    """The message stays, and stays known."""
    async with bench(f"{LISTED} \n >> AT+CMGD=7 \n << +CMS ERROR: 500 \n {LISTED}") as b:
        for _ in range(2):
            await b.receiver.sweep()
        assert (b.stored, b.backend.slots, b.backend.held) == ([FIRST], ["SM/7"], ["SM/7"])


@simulated
async def test_a_deletion_that_empties_nothing_is_given_up() -> None:
    """OK, and the message is still there: each sweep tells its slot, and after some deletions it is left alone; when it is gone,
    nothing is remembered."""
    async with bench(f"{LISTED} \n {DELETED} \n " * MAX_DELETIONS + f"{LISTED} \n {EMPTY}") as b:
        for _ in range(MAX_DELETIONS + 1):
            await b.receiver.sweep()
        assert (b.backend.slots, b.backend.held) == (["SM/7"] * MAX_DELETIONS, ["SM/7"])
        assert len(b.state.undeletable) == 1
        await b.receiver.sweep()
        assert (b.state.undeletable, b.state.deletions) == (set(), {})


@pytest.mark.parametrize("count", [0, 33], ids=["Android: 0", "E3372: the SMSC field is counted"])
@simulated
async def test_a_pdu_that_is_whole_is_believed_when_it_reads_alike(count: int) -> None:
    """Whatever the header counts: read once more, then stored and deleted."""
    listed = f">> AT+CMGL=4 \n << +CMGL: 7,1,,{count} | {SECOND} | OK"
    again = f">> AT+CMGR=7 \n << +CMGR: 1,,{count} | {SECOND} | OK"
    async with bench(f"{listed} \n {again} \n {DELETED}") as b:
        await b.receiver.sweep()
        assert b.stored == [SECOND]


@simulated
async def test_a_whole_pdu_that_can_only_be_listed_is_believed() -> None:
    """CMGR is refused: it does not wait for ever."""
    async with bench(f">> AT+CMGL=4 \n << +CMGL: 7,1,,0 | {SECOND} | OK \n >> AT+CMGR=7 \n << ERROR \n {DELETED}") as b:
        await b.receiver.sweep()
        assert b.stored == [SECOND]


@simulated
async def test_what_cannot_be_read_is_told() -> None:
    """A PDU line that is no hex, twice in a row, fills the modem: a person should know. Read, or gone, it is forgotten."""
    listed = ">> AT+CMGL=4 \n << +CMGL: 7,1,,29 | 0BD0p26F8ED2603 | OK"
    async with bench(f"{listed} \n {listed} \n {EMPTY}") as b:
        told = []
        for _ in range(3):
            await b.receiver.sweep()
            told.append(b.receiver.list_problems().get("unreadable", ""))
        assert ["SM 7" in words for words in told] == [False, True, False]
