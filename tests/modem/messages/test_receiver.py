"""The storage is emptied: what is durable is deleted, and nothing else ever is."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from modemd.at import Urc
from modemd.errors import CommandFailed, PortGone
from modemd.modem.link.dialogue import Dialogue
from modemd.modem.messages.receiver import Receiver
from modemd.modem.messages.receiver_state import ReceiverState
from modemd.modem.setup.negotiation import Storage
from modemd.profiles import Quirk
from tests.modem.backend import GENERIC, FakeBackend, identity
from tests.modem.messages.bench import EMPTY, FIRST, REPORT, SECOND, SERVICE_0, bench
from tests.modem.scripted_port import script, simulated


@simulated
async def test_an_announced_message_is_kept_and_then_deleted() -> None:
    """Read by its index, handed over, deleted by its index."""
    async with bench(f">> AT+CMGR=7 \n << +CMGR: 0,,26 | {FIRST} | OK \n >> AT+CMGD=7 \n << OK") as b:
        assert await b.receiver.handle_notice(Urc('+CMTI: "SM",7'))
        assert b.stored == [FIRST]


@simulated
async def test_a_message_is_deleted_only_after_it_was_kept() -> None:
    """While the commit runs no +CMGD is written."""
    async with bench(f">> AT+CMGR=7 \n << +CMGR: 0,,26 | {FIRST} | OK \n >> AT+CMGD=7 \n << OK") as b:
        b.backend.commit_s = 1.0
        receiving = asyncio.ensure_future(b.receiver.handle_notice(Urc('+CMTI: "SM",7')))
        await asyncio.sleep(0.999)
        assert b.port.written == b"AT+CMGR=7\r"
        await receiving
        assert b.stored == [FIRST]


@simulated
async def test_a_message_that_could_not_be_kept_stays() -> None:
    """Neither deleted nor in the way of others; the next sweep hands it over again."""
    listing = f">> AT+CMGL=4 \n << +CMGL: 0,1,,26 | {FIRST} | +CMGL: 1,1,,25 | {SECOND} | OK"
    async with bench(
        f"{listing} \n >> AT+CMGD=1 \n << OK \n >> AT+CMGL=4 \n << +CMGL: 0,1,,26 | {FIRST} | OK \n >> AT+CMGD=0 \n << OK"
    ) as b:
        b.backend.unstorable = {bytes.fromhex(FIRST)}
        assert await b.receiver.sweep() == 2
        assert b.stored == [SECOND]
        b.backend.unstorable.clear()
        await b.receiver.sweep()
        assert b.stored == [SECOND, FIRST]


@simulated
async def test_a_notice_of_another_memory_is_followed_there_and_back() -> None:
    """Reports of Telit, Cinterion and Huawei wait in SR: only reading moves there, and comes back."""
    async with bench(
        f"""
        >> AT+CPMS="SR"
        << +CPMS: 1,20,2,50,2,50 | OK
        >> AT+CMGR=3
        << +CMGR: 0,,25 | {REPORT} | OK
        >> AT+CMGD=3
        << OK
        >> AT+CPMS="SM"
        << +CPMS: 2,50,2,50,2,50 | OK
        """
    ) as b:
        assert await b.receiver.handle_notice(Urc('+CDSI: "SR",3'))
        assert b.stored == [REPORT]


@pytest.mark.parametrize("answer", ["OK", "+CMS ERROR: 321"], ids=["Quectel's bare OK", "elsewhere an error"])
@simulated
async def test_an_empty_slot_in_another_memory_still_leads_back(answer: str) -> None:
    """Nothing to keep, nothing to delete (index 0 may be another message's), and the memory is ours again."""
    async with bench(f'>> AT+CPMS="ME" \n << OK \n >> AT+CMGR=0 \n << {answer} \n >> AT+CPMS="SM" \n << OK') as b:
        assert await b.receiver.handle_notice(Urc('+CMTI: "ME",0,"MMS PUSH"'))
        assert b.stored == []


@simulated
async def test_a_modem_that_does_not_come_back_to_our_memory_is_given_up() -> None:
    """Further sweeps would look into the wrong place: the set-up must begin anew."""
    async with bench('>> AT+CPMS="ME" \n << OK \n >> AT+CMGR=0 \n << OK \n >> AT+CPMS="SM" \n << +CMS ERROR: 302') as b:
        with pytest.raises(CommandFailed, match="302"):
            await b.receiver.handle_notice(Urc('+CMTI: "ME",0'))


@simulated
async def test_a_port_lost_in_another_memory_says_so() -> None:
    """The reason that comes out is the port's."""
    async with bench('>> AT+CPMS="ME" \n << OK \n >> AT+CMGR=0 \n !! unplugged [1]') as b:
        with pytest.raises(PortGone, match=r"^unplugged$"):
            await b.receiver.handle_notice(Urc('+CMTI: "ME",0'))


@pytest.mark.parametrize(
    ("quirks", "then"),
    [
        (frozenset(), ">> AT+CSMS? \n << +CSMS: 0,1,1,1 | OK"),
        (frozenset(), ">> AT+CSMS? \n << ERROR"),
        (frozenset(), ">> AT+CSMS? \n << +CSMS: 1,1,1,1 | OK \n >> AT+CNMA \n << OK"),
        (frozenset({Quirk.CNMA_AFTER_REPORT}), ">> AT+CNMA \n << OK"),
    ],
    ids=["service 0", "without services", "acknowledged with service 1", "acknowledged, where the family needs it"],
)
@pytest.mark.parametrize("header", ["+CDS: 25", "+CDS: ,25", "+CMT: ,25"])
@simulated
async def test_a_direct_delivery_is_kept(header: str, quirks: frozenset[Quirk], then: str) -> None:
    """A +CDS or +CMT carries its PDU: nothing is read or deleted."""
    async with bench(then, replace(GENERIC, quirks=quirks)) as b:
        assert await b.receiver.handle_notice(Urc(header, REPORT))
        await asyncio.sleep(1)  # a report that needs no acknowledgement holds nobody up
        assert b.stored == [REPORT]


ANOTHER = REPORT.replace("0640", "0641", 1)
READ = f">> AT+CMGR=7 \n << +CMGR: 0,,25 | {REPORT} | OK"
READ_ANOTHER = f">> AT+CMGR=7 \n << +CMGR: 0,,25 | {ANOTHER} | OK"
DELETED = ">> AT+CMGD=7 \n << OK"
REPORTED = Urc('+CDSI: "SM",7')


@simulated
async def test_a_report_holds_nobody_up_and_is_deleted_when_it_is_durable() -> None:
    """Its commit is not waited for; the modem's task is woken when it is there."""
    async with bench(f"{READ} \n {DELETED}") as b:
        b.backend.commit_s = 1.0
        assert await b.receiver.handle_notice(REPORTED)
        await b.receiver.delete_stored()
        assert (b.port.written, b.times_woken) == (b"AT+CMGR=7\r", 0)
        await asyncio.sleep(1.1)
        assert (b.stored, b.times_woken) == ([REPORT], 1)
        await b.receiver.delete_stored()
        assert b.port.written.endswith(b"AT+CMGD=7\r")


@simulated
async def test_a_report_that_could_not_be_kept_stays() -> None:
    """It is not deleted on the modem, and the next sweep reads it again."""
    async with bench(READ) as b:
        b.backend.unstorable = {bytes.fromhex(REPORT)}
        await b.receiver.handle_notice(REPORTED)
        await asyncio.sleep(0.1)
        await b.receiver.delete_stored()
        assert (b.stored, b.port.written) == ([], b"AT+CMGR=7\r")


@simulated
async def test_a_report_that_is_announced_twice_is_deleted_once() -> None:
    """A second deletion could meet what has come to that place meanwhile."""
    async with bench(f"{READ} \n {READ} \n {DELETED}") as b:
        await b.receiver.handle_notice(REPORTED)
        await b.receiver.handle_notice(REPORTED)
        await asyncio.sleep(1)
        await b.receiver.delete_stored()
        assert b.stored == [REPORT]


@simulated
async def test_a_report_in_the_place_of_one_that_is_not_deleted_yet() -> None:
    """Modems with few places overwrite: both are kept, and what lies there is deleted once, when it is durable itself."""
    async with bench(f"{READ} \n {READ_ANOTHER} \n {DELETED}") as b:
        await b.receiver.handle_notice(REPORTED)
        await asyncio.sleep(1)
        await b.receiver.handle_notice(REPORTED)
        await b.receiver.delete_stored()  # of the first: it does not lie there any more
        assert b.port.written.count(b"+CMGD") == 0
        await asyncio.sleep(1)
        await b.receiver.delete_stored()
        assert b.stored == [REPORT, ANOTHER]


@simulated
async def test_a_sweep_takes_over_the_reports_that_are_underway() -> None:
    """It lists them, for they lie there still, and deletes them: once."""
    listed = f">> AT+CMGL=4 \n << +CMGL: 7,0,,25 | {REPORT} | OK"
    async with bench(f"{READ} \n {listed} \n {DELETED}") as b:
        b.backend.commit_s = 1.0
        await b.receiver.handle_notice(REPORTED)
        assert await b.receiver.sweep() == 1
        await b.receiver.delete_stored()
        assert set(b.stored) == {REPORT}


@simulated
async def test_a_report_that_comes_while_another_is_deleted_is_read_first() -> None:
    """Its notice waits; it may lie in the place of one that is to be deleted next."""
    other, third = REPORT.replace("0640", "0641", 1), REPORT.replace("0640", "0642", 1)
    overwritten = f'>> AT+CMGD=4 \n << +CDSI: "SM",7 \n << OK \n >> AT+CMGR=7 \n << +CMGR: 0,,25 | {third} | OK'
    first = f">> AT+CMGR=4 \n << +CMGR: 0,,25 | {other} | OK"
    async with bench(f"{first} \n {READ} \n {overwritten} \n {DELETED}") as b:
        await b.receiver.handle_notice(Urc('+CDSI: "SM",4'))
        await b.receiver.handle_notice(REPORTED)
        await asyncio.sleep(1)
        await b.receiver.delete_stored()
        await b.receiver.handle_notice(b.dialogue.notices.popleft())
        await asyncio.sleep(1)
        await b.receiver.delete_stored()
        assert b.stored == [other, REPORT, third]


@simulated
async def test_a_place_that_something_else_was_taken_from_is_not_cleared_again() -> None:
    """Somebody else has deleted the report, a message came to its place and was taken: what comes there next stays."""
    message = f">> AT+CMGR=7 \n << +CMGR: 0,,26 | {FIRST} | OK"
    async with bench(f"{READ} \n {message} \n {DELETED}") as b:
        await b.receiver.handle_notice(REPORTED)
        await b.receiver.handle_notice(Urc('+CMTI: "SM",7'))
        await asyncio.sleep(1)
        await b.receiver.delete_stored()
        assert b.stored == [REPORT, FIRST]


@simulated
async def test_a_sweep_empties_the_storage_that_was_used_before() -> None:
    """A set-up whose answers were garbled had chosen another one, and a message came meanwhile: it is found, once. From then on
    that storage is looked at in each sweep."""
    elsewhere = f'>> AT+CPMS="ME" \n << OK \n >> AT+CMGL=4 \n << +CMGL: 1,0,,26 | {FIRST} | OK'
    back = '>> AT+CMGD=1 \n << OK \n >> AT+CPMS="SM" \n << OK'
    again = '>> AT+CPMS="ME" \n << +CPMS: 0,20,0,20,0,20 | OK \n >> AT+CPMS="SM" \n << OK'
    async with bench(f"{EMPTY} \n {elsewhere} \n {back} \n {EMPTY} \n {again}", used={"SM", "ME"}) as b:
        assert await b.receiver.sweep() == 1
        assert b.stored == [FIRST]
        assert await b.receiver.sweep() == 0


@simulated
async def test_a_sweep_that_is_cancelled_takes_no_report_with_it() -> None:
    """No modem stores it: while the disk is full it is held."""
    async with bench(SERVICE_0) as b:
        b.backend.is_full, b.backend.commit_s = True, 1.0
        await b.receiver.handle_notice(Urc("+CDS: 25", REPORT))
        sweeping = asyncio.ensure_future(b.receiver.sweep())
        await asyncio.sleep(0.5)
        sweeping.cancel()
        await asyncio.sleep(2)
        assert [unstored.octets.hex().upper() for unstored in b.state.unstored] == [REPORT]


@pytest.mark.parametrize("direct", [True, False], ids=["+CDS", "+CDSI"])
@simulated
async def test_a_report_that_cannot_be_kept_yet_is_kept_later(direct: bool) -> None:
    """Held where no modem stores it, left on the modem where one does; a sweep is worth while."""
    listed = f"{SERVICE_0} \n {EMPTY}" if direct else f">> AT+CMGL=4 \n << +CMGL: 7,0,,25 | {REPORT} | OK \n {DELETED}"
    async with bench(listed if direct else f"{READ} \n {listed}") as b:
        b.backend.is_full = True
        await b.receiver.handle_notice(Urc("+CDS: 25", REPORT) if direct else REPORTED)
        await asyncio.sleep(1)
        assert (b.stored, b.receiver.has_unstored) == ([], True)
        b.backend.is_full = False
        await b.receiver.sweep()
        assert b.stored == [REPORT]


@simulated
async def test_a_direct_delivery_whose_pdu_was_lost_is_over() -> None:
    """A header alone is a notice that was dealt with."""
    async with bench("") as b:
        assert await b.receiver.handle_notice(Urc("+CDS: 25"))
        assert b.stored == []


@pytest.mark.parametrize("line", ["+CMTI:", "+CMTI: SM", '+CMTI: "SM",x', '+CDSI: "SR"'])
@simulated
async def test_a_garbled_notice_leads_to_a_sweep(line: str) -> None:
    """It still says that something waits."""
    async with bench(f">> AT+CMGL=4 \n << +CMGL: 0,0,,26 | {FIRST} | OK \n >> AT+CMGD=0 \n << OK") as b:
        assert await b.receiver.handle_notice(Urc(line))
        assert b.stored == [FIRST]


@simulated
async def test_other_notices_are_not_the_receivers() -> None:
    """They are left to whoever knows them."""
    async with bench("") as b:
        assert not await b.receiver.handle_notice(Urc("^RSSI:14"))


@simulated
async def test_a_message_that_cannot_be_deleted_is_handed_over_once() -> None:
    """It stays on the SIM, and each sweep passes it over; another message in its place is taken."""
    listing = f">> AT+CMGL=4 \n << +CMGL: 3,1,,26 | {FIRST} | OK"
    async with bench(
        f"""{listing} \n >> AT+CMGD=3 \n << +CMS ERROR: 320
        {listing}
        >> AT+CMGL=4 \n << +CMGL: 3,1,,25 | {SECOND} | OK \n >> AT+CMGD=3 \n << OK"""
    ) as b:
        for _ in range(3):
            await b.receiver.sweep()
        assert b.stored == [FIRST, SECOND]


@pytest.mark.parametrize(
    "answer",
    ["+CMS ERROR: 321", "+CMS ERROR:321", "+CMS ERROR: invalid memory index", "+CME ERROR: 21", "+CME ERROR: 22"],
)
@simulated
async def test_a_message_that_is_gone_already_counts_as_deleted(answer: str) -> None:
    """If the same comes to the same place again, it is handed over again."""
    listing = f">> AT+CMGL=4 \n << +CMGL: 3,1,,26 | {FIRST} | OK \n >> AT+CMGD=3"
    async with bench(f"{listing} \n << {answer} \n {listing} \n << OK") as b:
        await b.receiver.sweep()
        await b.receiver.sweep()
        assert b.stored == [FIRST, FIRST]


@simulated
async def test_what_is_stored_for_sending_is_left_alone() -> None:
    """Status 2 and 3 are somebody else's; 0, 1 and a missing status (ZTE) were received."""
    async with bench(
        f""">> AT+CMGL=4
        << +CMGL: 0,2,,26 | {FIRST} | +CMGL: 1,3,,26 | {FIRST} | +CMGL: 2,1,"",25 | {SECOND} | +CMGL: 4,,26 | {FIRST} | OK
        >> AT+CMGD=2
        << OK
        >> AT+CMGD=4
        << OK"""
    ) as b:
        assert await b.receiver.sweep() == 2
        assert b.stored == [SECOND, FIRST]


@simulated
async def test_an_announced_slot_that_holds_an_outgoing_message_is_left_alone() -> None:
    """An index may be told wrongly; the status decides."""
    async with bench(f">> AT+CMGR=7 \n << +CMGR: 2,,26 | {FIRST} | OK") as b:
        await b.receiver.handle_notice(Urc('+CMTI: "SM",7'))
        assert b.stored == []


@simulated
async def test_what_came_damaged_is_read_again() -> None:
    """A digit lost on the line shows in the length: the slot is read until it is whole, and only then kept and deleted."""
    async with bench(
        f">> AT+CMGL=4 \n << +CMGL: 0,1,,26 | {FIRST[:-1]} | OK \n >> AT+CMGR=0 \n << +CMGR: 1,,26 | {FIRST[:9]}{FIRST[10:]} | OK"
        f" \n >> AT+CMGR=0 \n << +CMGR: 1,,26 | {FIRST} | OK \n >> AT+CMGD=0 \n << OK"
    ) as b:
        await b.receiver.sweep()
        assert b.stored == [FIRST]


@simulated
async def test_what_reads_alike_is_what_the_modem_means() -> None:
    """A header that counts otherwise (some ZTE) is no damage: three times the same is kept, without half an octet at the end."""
    again = f">> AT+CMGR=0 \n << +CMGR: 1,,99 | {FIRST[:-1]} | OK \n "
    async with bench(
        f">> AT+CMGL=4 \n << +CMGL: 0,1,,99 | {FIRST[:-1]} | OK \n {again} {again} >> AT+CMGD=0 \n << OK"
    ) as b:
        await b.receiver.sweep()
        assert b.stored == [FIRST[:-2]]


@simulated
async def test_what_reads_differently_each_time_stays() -> None:
    """Neither kept nor deleted: the next sweep may read it whole."""
    reads = " \n ".join(
        f">> AT+CMGR=0 \n << +CMGR: 1,,26 | {FIRST[:cut]}{FIRST[cut + 1 :]} | OK" for cut in (20, 24, 28, 32, 36)
    )
    async with bench(f">> AT+CMGL=4 \n << +CMGL: 0,1,,26 | {FIRST[:-1]} | OK \n {reads}") as b:
        await b.receiver.sweep()
        assert b.stored == []


@simulated
async def test_a_damaged_report_is_acknowledged_and_not_believed() -> None:
    """It cannot be read again, and is stored as octets. Not to acknowledge it would switch reports off on some families."""
    async with bench(">> AT+CNMA \n << OK", replace(GENERIC, quirks=frozenset({Quirk.CNMA_AFTER_REPORT}))) as b:
        assert await b.receiver.handle_notice(Urc("+CDS: 25", REPORT[:-2]))
        assert (b.stored, b.backend.damaged) == ([], [bytes.fromhex(REPORT[:-2])])


@simulated
async def test_a_pdu_that_is_noise_is_not_taken_for_one() -> None:
    """It stays for the next sweep, which may read it whole; its neighbour is taken."""
    async with bench(
        f">> AT+CMGL=4 \n << +CMGL: 0,1,,26 | 07914x | +CMGL: 1,1,,25 | {SECOND} | OK \n >> AT+CMGD=1 \n << OK"
    ) as b:
        assert await b.receiver.sweep() == 1
        assert b.stored == [SECOND]


@simulated
async def test_an_empty_storage_costs_one_command() -> None:
    """Nothing there, nothing deleted."""
    async with bench(EMPTY) as b:
        assert await b.receiver.sweep() == 0


@simulated
async def test_a_report_waits_for_room_and_is_acknowledged_then() -> None:
    """No modem stores what comes by +CDS: while the disk is full it is held, not acknowledged, and the next sweep keeps it."""
    profile = replace(GENERIC, quirks=frozenset({Quirk.CNMA_AFTER_REPORT}))
    async with bench(f"{EMPTY} \n >> AT+CNMA \n << OK \n {EMPTY}", profile) as b:
        b.backend.is_full = True
        assert await b.receiver.handle_notice(Urc("+CDS: 25", REPORT))
        await b.receiver.sweep()
        assert (b.stored, b.receiver.has_unstored, b"CNMA" in b.port.written) == ([], True, False)
        b.backend.is_full = False
        await b.receiver.sweep()
        assert (b.stored, b.receiver.has_unstored) == ([REPORT], False)


@simulated
async def test_a_message_stays_on_its_modem_until_there_is_room() -> None:
    """While the disk is full nothing is deleted; the next sweep keeps the message, and then deletes it."""
    listed = f">> AT+CMGL=4 \n << +CMGL: 3,0,,26 | {FIRST} | OK"
    async with bench(f"{listed} \n {listed} \n >> AT+CMGD=3 \n << OK") as b:
        b.backend.is_full = True
        await b.receiver.sweep()
        assert (b.stored, b.receiver.has_unstored, b"CMGD" in b.port.written) == ([], True, False)
        b.backend.is_full = False
        await b.receiver.sweep()
        assert (b.stored, b.receiver.has_unstored) == ([FIRST], False)


FULL = replace(GENERIC, full=("^SMMEMFULL:",))
TWO_LEFT = '>> AT+CPMS? \n << +CPMS: "SM",2,2,"SM",2,2,"SM",2,2 | OK'
NONE_LEFT = '>> AT+CPMS? \n << +CPMS: "SM",0,2,"SM",0,2,"SM",0,2 | OK'
ONE_LISTED = f">> AT+CMGL=4 \n << +CMGL: 0,1,,26 | {FIRST} | OK"


@simulated
async def test_a_notice_of_a_full_storage_leads_to_a_sweep_at_once() -> None:
    """No +CMTI comes from then on."""
    async with bench(f"{ONE_LISTED} \n >> AT+CMGD=0 \n << OK \n {NONE_LEFT}", FULL) as b:
        assert await b.receiver.handle_notice(Urc('^SMMEMFULL: "SM"'))
        assert b.stored == [FIRST]
        assert "storage" not in b.receiver.list_problems()


@simulated
async def test_a_nearly_full_storage_is_swept_once_for_each_rise() -> None:
    """What cannot be deleted is told; it is swept again when more has come in, not at each look."""
    refused = f"{ONE_LISTED} \n >> AT+CMGD=0 \n << +CMS ERROR: 500"
    async with bench(
        f"{TWO_LEFT} \n {refused} \n {TWO_LEFT} \n {TWO_LEFT} \n {NONE_LEFT} \n {TWO_LEFT} \n {ONE_LISTED} \n {TWO_LEFT}"
    ) as b:
        told = []
        for _ in range(4):
            await b.receiver.check_storage()
            told.append(b.receiver.list_problems().get("storage", ""))
        full = "is full: nothing can come in (2 of 2), with 1 that cannot be deleted"
        assert [full in words for words in told] == [True, True, False, True]
        assert b.stored == [FIRST]


@simulated
async def test_what_cannot_be_deleted_is_known_in_the_next_session() -> None:
    """Neither kept nor tried again; forgotten once it is gone."""
    state = ReceiverState()
    sessions = (f"{ONE_LISTED} \n >> AT+CMGD=0 \n << +CMS ERROR: 500", ONE_LISTED, EMPTY)
    known = []
    for transcript in sessions:
        with script(transcript) as port:
            backend = FakeBackend()
            await Receiver(Dialogue(port), identity(), backend, Storage("SM"), state).sweep()
            known.append((len(backend.stored), len(state.undeletable)))
    assert known == [(1, 1), (0, 1), (0, 0)]


@simulated
async def test_without_a_storage_each_arrival_is_acknowledged_and_none_is_swept() -> None:
    """The modem keeps nothing (Nordic nRF9160): durable first, then AT+CNMA, and no command about a storage."""
    with script(
        f"<< +CMT: ,26 | {FIRST} \n >> AT+CNMA \n << OK \n << +CDS: 25 | {REPORT} \n >> AT+CNMA \n << OK"
    ) as port:
        dialogue, backend = Dialogue(port), FakeBackend()
        receiver = Receiver(dialogue, identity(), backend, Storage(None))
        assert await receiver.sweep() == 0
        await receiver.check_storage()
        await asyncio.sleep(0.1)
        assert await receiver.handle_notice(dialogue.notices.popleft())
        await asyncio.sleep(0.1)
        assert await receiver.handle_notice(dialogue.notices.popleft())
        assert [octets.hex().upper() for octets in backend.stored] == [FIRST, REPORT]


@simulated
@pytest.mark.parametrize(("notices", "left"), [("", {}), ("+CNMI=2,2,0,1,0", {"receiving": "refused"})])
async def test_a_message_disproves_that_none_is_handed_over(notices: str, left: dict[str, str]) -> None:
    """A modem that refused every setting, and hands a message over, receives (Cuttlefish); another remark stays."""
    async with bench(
        ">> AT+CNMA \n << OK", storage=Storage(None, notices=notices, tells_notices=False, remark="refused")
    ) as b:
        assert b.receiver.list_problems() == {"receiving": "refused"}
        assert await b.receiver.handle_notice(Urc("+CMT: 0", FIRST))
        assert b.receiver.list_problems() == left
        assert b.stored == [FIRST]
