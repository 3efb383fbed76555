"""What the set-up chose for the notices is looked at while a session works, and written again once it is lost."""

from __future__ import annotations

import pytest

from modemd.at import Urc
from modemd.modem.messages.arrivals import MAX_REFUSALS
from modemd.modem.setup.negotiation import Storage
from tests.modem.messages.bench import EMPTY, FIRST, bench
from tests.modem.scripted_port import simulated

SET = "+CNMI=2,1,0,2,0"
STORED = Storage("SM", notices=SET, tells_notices=True)
DIRECT = Storage(None, notices="+CNMI=2,2,0,1,0", tells_notices=True)
UNTOLD = Storage(None, notices="+CNMI=2,2,0,1,0")
LOST = ">> AT+CNMI? \n << +CNMI: 0,0,0,0,0 | OK"
AGAIN = f">> AT{SET} \n << OK"
HANDS_OVER = ">> AT+CNMI? \n << +CNMI: 2,2,0,1,0 | OK"
HANDS_OVER_AGAIN = ">> AT+CNMI=2,2,0,1,0 \n << OK"
LATE = ">> AT+CNMA \n << +CMS ERROR: 340"
IN_ORDER = ">> AT+CMGF? \n << +CMGF: 0 | OK \n >> AT+CMEE? \n << +CMEE: 1 | OK"


@pytest.mark.parametrize(
    "answer", ["+CNMI: 2,1,0,2,0 | OK", "+CNMI: 2,1 | OK", "ERROR", "OK"], ids=["whole", "short", "refused", "empty"]
)
@simulated
async def test_a_setting_that_is_kept_costs_one_question(answer: str) -> None:
    """A short answer, a refusal or none at all is believed."""
    async with bench(f">> AT+CNMI? \n << {answer}", storage=STORED) as b:
        assert await b.receiver.check_settings()


@simulated
async def test_lost_notices_are_set_again_and_what_came_meanwhile_is_swept() -> None:
    """Nothing announced it."""
    async with bench(f"{LOST} \n {AGAIN} \n {IN_ORDER} \n {EMPTY}", storage=STORED) as b:
        assert await b.receiver.check_settings()
        assert b.receiver.list_problems() == {}


@pytest.mark.parametrize(
    ("mode", "errors"),
    [("+CMGF: 1 | OK", "+CMEE: 1 | OK"), ("+CMGF: 0 | OK", "+CMEE: 0 | OK"), ("+CMGF: 0 | OK", "+CMEE:0 | OK")],
)
@simulated
async def test_a_modem_that_has_lost_more_than_its_notices_is_set_up_again(mode: str, errors: str) -> None:
    """PDU mode, or the numbers of its errors: it has forgotten all."""
    asked = f">> AT+CMGF? \n << {mode} \n >> AT+CMEE? \n << {errors}"
    async with bench(f"{LOST} \n {AGAIN} \n {asked}", storage=STORED) as b:
        assert not await b.receiver.check_settings()


@simulated
async def test_notices_that_the_modem_refuses_now_are_a_problem() -> None:
    """A person should know that only the sweep finds messages, until the modem has them again."""
    refused = f">> AT{SET} \n << +CMS ERROR: 302"
    kept = f">> AT+CNMI? \n << {SET.replace('=', ': ')} | OK"
    async with bench(f"{LOST} \n {refused} \n {IN_ORDER} \n {EMPTY} \n {kept}", storage=STORED) as b:
        await b.receiver.check_settings()
        assert "refuses it now (+CMS ERROR: 302)" in b.receiver.list_problems()["notices"]
        await b.receiver.check_settings()
        assert b.receiver.list_problems() == {}


@pytest.mark.parametrize("storage", [Storage("SM"), Storage("SM", notices=SET), Storage(None)])
@simulated
async def test_what_was_not_told_at_the_set_up_is_not_asked_for(storage: Storage) -> None:
    """The modem refused the question, or all notices."""
    async with bench("", storage=storage) as b:
        assert await b.receiver.check_settings()
        await b.receiver.check_handing_over()


@simulated
async def test_reports_that_are_asked_for_straight_are_not_taken_for_lost() -> None:
    """The setting was changed by modemd itself (ds=1)."""
    ds_1 = ">> AT+CNMI? \n << +CNMI: 2,1,0,2,0 | OK \n >> AT+CNMI=2,1,0,1,0 \n << OK"
    async with bench(f"{ds_1} \n >> AT+CNMI? \n << +CNMI: 2,1,0,1,0 | OK", storage=STORED) as b:
        await b.receiver._ask_reports_straight()
        assert await b.receiver.check_settings()


@simulated
async def test_a_late_acknowledgement_has_the_notices_set_again() -> None:
    """TS 27.005 3.4.4: the modem has set mt and ds to 0. It goes on being acknowledged, however often that happens."""
    late = f"{LATE} \n >> AT+CNMI? \n << +CNMI: 2,0,0,0,0 | OK \n {HANDS_OVER_AGAIN} \n"
    times = MAX_REFUSALS + 2
    async with bench(late * times, storage=DIRECT) as b:
        for _ in range(times):
            await b.receiver.handle_notice(Urc("+CMT: ,26", FIRST))
        assert b.stored == [FIRST] * times


@simulated
async def test_a_modem_that_refuses_each_acknowledgement_is_soon_left_alone() -> None:
    """It goes on handing messages over."""
    refused = f">> AT+CNMA \n << ERROR \n {HANDS_OVER} \n"
    async with bench(refused * MAX_REFUSALS, storage=DIRECT) as b:
        for _ in range(MAX_REFUSALS + 2):
            await b.receiver.handle_notice(Urc("+CMT: ,26", FIRST))


@simulated
async def test_a_modem_that_does_not_tell_its_notices_is_set_again_unseen() -> None:
    """After a refused acknowledgement: it may have stopped handing messages over."""
    async with bench(f"{LATE} \n {HANDS_OVER_AGAIN}", storage=UNTOLD) as b:
        await b.receiver.handle_notice(Urc("+CMT: ,26", FIRST))
        assert b.stored == [FIRST]


@simulated
async def test_only_a_modem_without_storage_is_looked_at_after_a_long_send() -> None:
    """The notices of the others are kept until the poll."""
    lost = f">> AT+CNMI? \n << +CNMI: 2,0,0,0,0 | OK \n {HANDS_OVER_AGAIN}"
    async with bench(lost, storage=DIRECT) as b:
        await b.receiver.check_handing_over()
    async with bench("", storage=STORED) as b:
        await b.receiver.check_handing_over()


@simulated
async def test_a_modem_that_stores_elsewhere_now_is_found_out() -> None:
    """The names of its memories are others than at first, twice alike; where it stores now is swept after the next set-up."""
    sm, me = '+CPMS: "SM",1,50,"SM",1,50,"SM",1,50 | OK', '+CPMS: "ME",0,9,"ME",0,9,"ME",0,9 | OK'
    garbled = '+CPMS: "SN",1,50,"SM",1,50,"SM",1,50 | OK'
    answers = "".join(f">> AT+CPMS? \n << {answer} \n" for answer in (sm, garbled, sm, sm, me, me))
    async with bench(answers) as b:
        for moved_to in (None, None, None, "ME"):
            await b.receiver.check_storage()
            assert b.receiver.level.moved_to == moved_to
        assert b.state.used_memories == {"ME"}
