"""Messages are found in every memory, and where the list is refused."""

from __future__ import annotations

import asyncio

import pytest

from modemd.at import Urc
from modemd.errors import CommandFailed
from modemd.modem.messages.receiver import MAX_MISSED_REPORTS, OTHER_MEMORIES_S
from modemd.modem.setup.negotiation import Storage
from tests.modem.messages.bench import EMPTY, FIRST, REPORT, SECOND, bench
from tests.modem.scripted_port import simulated

PDU_MODE = ">> AT+CMGF? \n << +CMGF: 0 | OK"
ONE_USED = '>> AT+CPMS? \n << +CPMS: "SM",1,20,"SM",1,20,"SM",1,20 | OK'
NONE_USED = '>> AT+CPMS? \n << +CPMS: "SM",0,20,"SM",0,20,"SM",0,20 | OK'
BACK = '>> AT+CPMS="SM" \n << +CPMS: 0,20,0,20,0,20 | OK'


@pytest.mark.parametrize("answer", ["+CMS ERROR: 303", "+CMS ERROR: 500", "ERROR"])
@simulated
async def test_a_refused_list_is_read_slot_by_slot(answer: str) -> None:
    """Up to the count that the modem tells; the modem is not ill, and says so (EP06: 303)."""
    refused = f">> AT+CMGL=4 \n << {answer} \n {PDU_MODE} \n {ONE_USED}"
    slots = f">> AT+CMGR=0 \n << +CMS ERROR: 321 \n >> AT+CMGR=1 \n << +CMGR: 0,,26 | {FIRST} | OK"
    async with bench(f"{refused} \n {slots} \n >> AT+CMGD=1 \n << OK \n {EMPTY}") as b:
        assert await b.receiver.sweep() == 1
        assert b.stored == [FIRST]
        assert answer in b.receiver.list_problems()["list"]
        await b.receiver.sweep()
        assert "list" not in b.receiver.list_problems()


@pytest.mark.parametrize("answer", ["+CMS ERROR: 321", "+CMS ERROR: 320", "+CMS ERROR: 500", "ERROR"])
@simulated
async def test_an_empty_storage_whose_list_is_refused_is_empty(answer: str) -> None:
    """Not ill, and nothing that a person should know."""
    async with bench(f">> AT+CMGL=4 \n << {answer} \n {PDU_MODE} \n {NONE_USED}") as b:
        assert await b.receiver.sweep() == 0
        assert b.receiver.list_problems() == {}


@pytest.mark.parametrize(
    ("mode", "fill"),
    [("+CMGF: 1 | OK", NONE_USED), ("+CMGF: 0 | OK", ">> AT+CPMS? \n << +CMS ERROR: 310")],
    ids=["text mode", "without a level"],
)
@simulated
async def test_a_modem_that_is_not_set_up_refuses_the_list_for_that(mode: str, fill: str) -> None:
    """Text mode that nobody asked for, or no SIM: the set-up must begin anew."""
    async with bench(f">> AT+CMGL=4 \n << +CMS ERROR: 302 \n >> AT+CMGF? \n << {mode} \n {fill}") as b:
        with pytest.raises(CommandFailed, match="302"):
            await b.receiver.sweep()


@simulated
async def test_every_readable_memory_is_swept_at_the_start_and_now_and_then() -> None:
    """A STOP that waits in the storage at power-on is found by the first sweep; what is empty costs no list; MT is the others,
    and BM has no messages to us."""
    me = f'>> AT+CPMS="ME" \n << +CPMS: 1,20,0,20,0,20 | OK \n >> AT+CMGL=4 \n << +CMGL: 1,1,,26 | {FIRST} | OK'
    sr = f'>> AT+CPMS="SR" \n << +CPMS: 0,20,0,20,0,20 | OK \n {BACK}'
    start = f"{EMPTY} \n {me} \n >> AT+CMGD=1 \n << OK \n {BACK} \n {sr}"
    none = f'>> AT+CPMS="ME" \n << +CPMS: 0,20,0,20,0,20 | OK \n {BACK}'
    storage = Storage("SM", readable=("SM", "ME", "MT", "BM", "SR"))
    async with bench(f"{start} \n {EMPTY} \n {none} \n {EMPTY} \n {none} \n {sr}", storage=storage) as b:
        assert await b.receiver.sweep() == 1
        assert b.stored == [FIRST]
        await b.receiver.sweep()  # ME, where something was found
        await asyncio.sleep(OTHER_MEMORIES_S)
        await b.receiver.sweep()  # all of them


@pytest.mark.parametrize(
    "refusal",
    [
        '>> AT+CPMS="TA" \n << +CMS ERROR: 302',
        '>> AT+CPMS="TA" \n << OK \n >> AT+CMGL=4 \n << ERROR \n >> AT+CMGF? \n << OK \n >> AT+CPMS? \n << ERROR',
    ],
    ids=["it is not taken", "it is not listed"],
)
@simulated
async def test_another_memory_that_cannot_be_read_makes_no_modem_ill(refusal: str) -> None:
    """Its own one is read as before."""
    async with bench(f"{EMPTY} \n {refusal} \n {BACK}", storage=Storage("SM", readable=("SM", "TA"))) as b:
        assert await b.receiver.sweep() == 0


@simulated
async def test_a_memory_in_which_a_message_was_announced_is_swept_from_then_on() -> None:
    """The next notice of it may be lost."""
    noticed = (
        f'>> AT+CPMS="ME" \n << OK \n >> AT+CMGR=1 \n << +CMGR: 0,,26 | {FIRST} | OK \n >> AT+CMGD=1 \n << OK \n {BACK}'
    )
    lost = f'>> AT+CPMS="ME" \n << +CPMS: 1,20,0,20,0,20 | OK \n >> AT+CMGL=4 \n << +CMGL: 1,1,,25 | {SECOND} | OK'
    async with bench(f"{noticed} \n {EMPTY} \n {lost} \n >> AT+CMGD=1 \n << OK \n {BACK}") as b:
        await b.receiver.handle_notice(Urc('+CMTI: "ME",1'))
        await b.receiver.sweep()
        assert b.stored == [FIRST, SECOND]


@simulated
async def test_a_memory_in_noise_is_not_asked_for() -> None:
    """A notice whose memory was garbled leads to a sweep, not to a command with the garbage."""
    async with bench(EMPTY) as b:
        assert await b.receiver.handle_notice(Urc('+CMTI: "S\x80M",1'))


SR = Storage("SM", "SR", ("SM", "SR"))


@pytest.mark.parametrize(
    "in_sm",
    ["OK", "+CMS ERROR: 321", f"+CMGR: 0,,26 | {FIRST} | OK"],
    ids=["a bare OK", "an error", "another message"],
)
@simulated
async def test_a_report_that_lies_elsewhere_is_found_in_sr(in_sm: str) -> None:
    """A Quectel EC25 says `+CDSI: "SM",0` for what lies in SR. A message that lies in the place named is stored, too."""
    named = f">> AT+CMGR=0 \n << {in_sm} \n" + (">> AT+CMGD=0 \n << OK \n" if FIRST in in_sm else "")
    found = f'>> AT+CPMS="SR" \n << +CPMS: 1,25,0,50,0,50 | OK \n >> AT+CMGR=0 \n << +CMGR: 0,,25 | {REPORT} | OK'
    async with bench(f"{named} {found} \n >> AT+CMGD=0 \n << OK \n {BACK}", storage=SR) as b:
        await b.receiver.handle_notice(Urc('+CDSI: "SM",0'))
        assert b.stored == [*([FIRST] if FIRST in in_sm else []), REPORT]


@simulated
async def test_reports_that_can_never_be_read_are_taken_straight() -> None:
    """SIM7600: after some notices CNMI with ds=1, and a remark; the next session says it again after its set-up."""
    missed = '>> AT+CPMS="SR" \n << +CPMS: 0,0,3,23,3,23 | OK \n >> AT+CMGR=8 \n << +CMS ERROR: 321 \n ' + BACK
    straight = ">> AT+CNMI? \n << +CNMI: 2,1,0,2,0 | OK \n >> AT+CNMI=2,1,0,1,0 \n << OK"
    none = '>> AT+CPMS="SR" \n << +CPMS: 0,0,3,23,3,23 | OK \n ' + BACK
    async with bench(
        f"{missed} \n " * MAX_MISSED_REPORTS + f"{straight} \n {EMPTY} \n {straight} \n {none}", storage=SR
    ) as b:
        for _ in range(MAX_MISSED_REPORTS):
            assert b.receiver.list_problems() == {}
            await b.receiver.handle_notice(Urc('+CDSI: "SR",8'))
        assert "straight" in b.receiver.list_problems()["reports"]
        await b.receiver.sweep()


@simulated
async def test_reports_that_are_refused_straight_too_are_told() -> None:
    """A person should know that they are lost."""
    missed = ">> AT+CMGR=8 \n << +CMS ERROR: 321 \n"
    refused = ">> AT+CNMI? \n << +CNMI: 2,1,0,2,0 | OK \n >> AT+CNMI=2,1,0,1,0 \n << +CMS ERROR: 303"
    async with bench(missed * MAX_MISSED_REPORTS + refused) as b:
        for _ in range(MAX_MISSED_REPORTS):
            await b.receiver.handle_notice(Urc('+CDSI: "SM",8'))
        assert "+CMS ERROR: 303" in b.receiver.list_problems()["reports"]


@simulated
async def test_reports_that_a_sweep_was_quicker_to_read_are_no_misses() -> None:
    """Once a report could be read, the setting stays."""
    first = f'>> AT+CPMS="SR" \n << OK \n >> AT+CMGR=8 \n << +CMGR: 0,,25 | {REPORT} | OK \n >> AT+CMGD=8 \n << OK \n {BACK}'
    missed = f'>> AT+CPMS="SR" \n << OK \n >> AT+CMGR=8 \n << OK \n {BACK}'
    async with bench(f"{first} \n " + f"{missed} \n " * 5, storage=SR) as b:
        for _ in range(6):
            await b.receiver.handle_notice(Urc('+CDSI: "SR",8'))
        assert b.receiver.list_problems() == {}


@simulated
async def test_a_notice_without_a_slot_is_told() -> None:
    """`+CMTI: ,-1` and nothing found: a person should know; a message that is found ends it."""
    found = f">> AT+CMGL=4 \n << +CMGL: 1,1,,26 | {FIRST} | OK \n >> AT+CMGD=1 \n << OK"
    async with bench(f"{EMPTY} \n {found}") as b:
        await b.receiver.handle_notice(Urc("+CMTI: ,-1"))
        assert "+CMTI: ,-1" in b.receiver.list_problems()["notices"]
        await b.receiver.handle_notice(Urc("+CMTI: ,-1"))
        assert b.receiver.list_problems() == {}


@simulated
async def test_a_storage_without_places_is_told() -> None:
    """Nothing can be stored in it."""
    async with bench('>> AT+CPMS? \n << +CPMS: "SM",0,0,"SM",0,0,"SM",0,0 | OK') as b:
        await b.receiver.check_storage()
        assert "0 places" in b.receiver.list_problems()["storage"]


@simulated
async def test_a_sweep_steps_aside_between_two_slots() -> None:
    """Before each slot, of a list or read one by one: an alarm or otp may go."""
    listed = f">> AT+CMGL=4 \n << +CMGL: 1,1,,26 | {FIRST} | +CMGL: 2,1,,25 | {SECOND} | OK"
    async with bench(f"{listed} \n >> AT+CMGD=1 \n << OK \n >> AT+CMGD=2 \n << OK") as b:
        await b.receiver.sweep()
        assert b.times_aside == 2
