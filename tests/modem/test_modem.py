"""The task that owns a modem: how it begins and goes on, whatever the port and the network do."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from functools import partial
from itertools import pairwise

import pytest

from modemd.at.replies import Registration
from modemd.connector import AttemptEnding
from modemd.modem.modem import Modem
from modemd.modem.session import PERSON_PROBE_S, STATUS_S, STATUS_SEARCHING_S
from modemd.modem.status import ModemHealth
from modemd.profiles import Profiles
from tests.modem.backend import HELLO_WORLD, draft
from tests.modem.bench import SHIPPED, SWEEP_S, bench
from tests.modem.scripted_port import simulated


def gaps(moments: list[float]) -> list[float]:
    """The time between each and the next."""
    return [later - sooner for sooner, later in pairwise(moments)]


@simulated
async def test_it_opens_sets_up_and_is_ready() -> None:
    """Who it is comes to the backend, the backend learns that messages may go, and what is known stands in the status."""
    async with bench() as b:
        await b.becomes(ModemHealth.READY)
        (who,) = b.backend.identities
        assert (who.iccid, who.profile.name) == ("8944100030123456789", "generic")
        assert b.backend.times_ready == 1
        status = b.modem.status
        assert (status.registration, status.signal_dbm, status.reason) == (Registration.HOME, -79, None)


@simulated
async def test_parts_go_out_one_behind_the_other() -> None:
    """The next one is chosen while one is on the air; outcomes share the next claim's commit, and the last is closed alone."""
    async with bench() as b:
        await b.becomes(ModemHealth.READY)
        b.queue(1, 2, 3)
        await b.until(lambda: len(b.backend.reports) == 3)
        assert [entry if isinstance(entry, str) else entry.reference for entry in b.backend.journal] == [
            "claimed 1", 1, "claimed 2", 2, "claimed 3", 3,
        ]  # fmt: skip
        assert b.modem.status.sent == 3
        assert max(gaps(b.stub.times("PDU"))) < b.stub.send_s + 0.02, "only the prompt and the claim lie between"


@simulated
async def test_the_port_is_tried_again_with_growing_pauses() -> None:
    """At most 3 s apart, so that a modem that is back sends soon; new messages make it no busier."""
    async with bench() as b:
        b.stub.plugged = False
        await asyncio.sleep(0.1)
        waking = asyncio.ensure_future(wake_often(b.modem))
        await asyncio.sleep(20)
        waking.cancel()
        pauses = gaps(b.stub.opened)
        assert pauses[:5] == pytest.approx([0.5, 1.0, 2.0, 3.0, 3.0], abs=0.01)
        assert max(pauses) < 3.1
        assert (b.health, b.modem.status.reason) == (ModemHealth.GONE, "/dev/west: No such file or directory")
        b.stub.plugged = True
        await b.becomes(ModemHealth.READY, within_s=5)


async def wake_often(modem: Modem) -> None:
    while True:
        modem.wake()
        await asyncio.sleep(0.01)


@simulated
async def test_a_port_that_goes_after_a_long_time_is_reopened_at_once() -> None:
    """The pauses begin anew after a session that worked."""
    async with bench() as b:
        await asyncio.sleep(600)
        b.stub.unplug()
        await asyncio.sleep(0.1)
        b.stub.plugged = True
        await b.becomes(ModemHealth.READY, within_s=1)


@simulated
async def test_a_locked_sim_waits_for_a_person() -> None:
    """Its state is asked every few seconds, without pretending in between that all is well; then it goes on by itself."""
    async with bench() as b:
        b.stub.answers["+CPIN?"] = "+CPIN: SIM PUK|OK"
        await b.becomes(ModemHealth.NEEDS_PERSON)
        seen = set()
        waking = asyncio.ensure_future(wake_often(b.modem))
        for _ in range(1000):
            await asyncio.sleep(0.1)
            seen.add((b.health, b.modem.status.reason))
        waking.cancel()
        assert seen == {(ModemHealth.NEEDS_PERSON, b.modem.status.reason)}
        assert "PUK" in str(b.modem.status.reason)
        asked = b.stub.times("+CPIN?")
        assert max(gaps(asked)) == pytest.approx(PERSON_PROBE_S, abs=1)
        assert len(asked) < 2 * 100 / PERSON_PROBE_S
        b.stub.answers["+CPIN?"] = "+CPIN: READY|OK"
        await b.becomes(ModemHealth.READY, within_s=PERSON_PROBE_S + 5)


@simulated
async def test_the_pace_is_the_sims() -> None:
    """At 2 parts a second a PDU goes out every half second, whatever wakes the modem; the rate is asked for by ICCID."""
    asked: list[str] = []

    def rate(iccid: str) -> float:
        asked.append(iccid)
        return 2.0

    async with bench(rate) as b:
        b.stub.send_s = 0.1
        await b.becomes(ModemHealth.READY)
        b.queue(1, 2, 3, 4)
        waking = asyncio.ensure_future(wake_often(b.modem))
        await b.until(lambda: len(b.backend.reports) == 4)
        waking.cancel()
        at = b.stub.times("PDU")
        assert gaps(at) == pytest.approx([0.5] * 3, abs=0.02)
        assert set(asked) == {"8944100030123456789"}


@simulated
async def test_an_alarm_takes_the_turn_of_the_next_part() -> None:
    """It does not wait for the pace; the part behind it does, for both. A second alarm finds that turn taken, and waits for its
    own."""
    async with bench(lambda iccid: 0.1) as b:
        b.stub.send_s = 0.1
        await b.becomes(ModemHealth.READY)
        b.queue(1, 2)
        await b.until(lambda: len(b.backend.reports) == 1)
        await asyncio.sleep(2)
        for part in (3, 4):
            b.backend.waiting.appendleft(draft(part, urgent=True))
            b.backend.has_urgent = True
            b.modem.wake()
            await asyncio.sleep(1)
        await b.until(lambda: len(b.backend.reports) == 4, within_s=60)
        assert gaps(b.stub.times("PDU")) == pytest.approx([2.1, 17.9, 10], abs=0.1)


@simulated
async def test_what_is_not_urgent_does_not_borrow() -> None:
    """Nobody's turn comes earlier, whatever wakes the modem."""
    async with bench(lambda iccid: 0.1) as b:
        b.stub.send_s = 0.1
        await b.becomes(ModemHealth.READY)
        b.queue(1, 2)
        await b.until(lambda: len(b.backend.reports) == 1)
        b.backend.has_urgent = True
        b.modem.wake()
        await b.until(lambda: len(b.backend.reports) == 2, within_s=60)
        assert gaps(b.stub.times("PDU")) == pytest.approx([10], abs=0.05)


@simulated
async def test_a_family_may_need_more_time_than_the_sims_pace() -> None:
    """The slower of both counts."""
    slow = Profiles({"generic": replace(SHIPPED.find_by_name("generic"), send_interval_s=3.0)})
    async with bench(lambda iccid: 2.0, slow) as b:
        b.stub.send_s = 0.1
        await b.becomes(ModemHealth.READY)
        b.queue(1, 2)
        await b.until(lambda: len(b.backend.reports) == 2)
        assert gaps(b.stub.times("PDU")) == pytest.approx([3.0], abs=0.02)


@simulated
async def test_what_was_never_written_costs_no_pace() -> None:
    """A refusal instead of the prompt used no air time: the next part follows at once."""
    async with bench(lambda iccid: 0.1) as b:
        await b.becomes(ModemHealth.READY)
        b.stub.answers["+CMGS=18"] = "+CMS ERROR: 304"
        b.queue(1, 2)
        await b.until(lambda: len(b.backend.reports) == 2, within_s=1)
        assert [report.ending for report in b.backend.reports] == [AttemptEnding.REFUSED] * 2


@simulated
async def test_registration_lost_and_back() -> None:
    """Searching is seen within a minute, nothing is tried meanwhile, and when it is back the backend is told, within seconds."""
    async with bench() as b:
        await b.becomes(ModemHealth.READY)
        for command in ("+CREG?", "+CGREG?", "+CEREG?"):
            b.stub.answers[command] = f"{command.rstrip('?')}: 0,2|OK"
        await b.becomes(ModemHealth.SEARCHING, within_s=STATUS_S + 1)
        assert b.modem.status.reason == "not registered: searching"
        b.queue(1)
        await asyncio.sleep(30)
        assert "PDU" not in b.stub.commands()
        b.stub.answers["+CREG?"] = "+CREG: 0,5|OK"
        await b.until(lambda: len(b.backend.reports) == 1, within_s=STATUS_SEARCHING_S + 2)
        assert b.backend.times_ready == 2


@simulated
async def test_a_modem_on_lte_alone_is_registered() -> None:
    """CREG searches, CEREG is home: messages may go."""
    async with bench() as b:
        b.stub.answers |= {"+CREG?": "+CREG: 0,2|OK", "+CGREG?": "ERROR", "+CEREG?": "+CEREG: 0,1|OK"}
        await b.becomes(ModemHealth.READY)


@simulated
async def test_a_refusal_for_want_of_a_network_looks_at_the_registration() -> None:
    """CMS 331 says that it is gone: no further part is tried; the outcome does not wait for the network to come back."""
    async with bench() as b:
        await b.becomes(ModemHealth.READY)
        b.stub.answers |= {f"+C{kind}REG?": f"+C{kind}REG: 0,2|OK" for kind in ("", "G", "E")}
        b.stub.answers["PDU"] = "+CMS ERROR: 331"
        b.queue(1, 2)
        await b.becomes(ModemHealth.SEARCHING, within_s=5)
        await asyncio.sleep(0.1)
        assert [(report.code, report.is_without_network) for report in b.backend.reports] == [(331, True)]
        assert b.stub.commands().count("PDU") == 1


@simulated
async def test_a_refusal_that_only_speaks_of_a_network_is_the_messages() -> None:
    """Some modems answer 331 to nonsense numbers: where the network is there, the refusal says nothing of it."""
    async with bench() as b:
        await b.becomes(ModemHealth.READY)
        b.stub.answers["PDU"] = "+CMS ERROR: 331"
        b.queue(1)
        await b.until(lambda: bool(b.backend.reports))
        assert [(report.code, report.is_without_network) for report in b.backend.reports] == [(331, False)]


@pytest.mark.parametrize("sign", ["RDY", "SMS Ready"], ids=["it restarted", "SMS works only now"])
@simulated
async def test_a_restart_leads_to_the_full_set_up(sign: str) -> None:
    """Echo, mode, storage and notices are set again, and the SIM is asked for again: it may be another one."""
    async with bench() as b:
        await b.becomes(ModemHealth.READY)
        before = len(b.stub.received)
        b.stub.answers["+CCID"] = "8944100030999999999|OK"
        b.stub.say(sign)
        await b.until(lambda: len(b.backend.identities) == 2)
        again = b.stub.commands()[before:]
        for command in ("E0", "+CMGF=0", '+CPMS="SM","SM","SM"', "+CNMI=2,1,0,2,0"):
            assert command in again
        assert b.backend.identities[1].iccid == "8944100030999999999"
        await b.until(lambda: "+CMGL=4" in b.stub.commands()[before:])
        assert len(b.stub.ports) == 1, "over the same port"


@simulated
async def test_an_overtaken_draft_is_chosen_again() -> None:
    """Chosen ahead, then something more urgent came: the draft is let go, and the urgent part is sent first."""
    async with bench() as b:
        await b.becomes(ModemHealth.READY)
        b.queue(1, 2)
        await b.until(lambda: 2 in b.backend.reserved)
        b.backend.waiting.appendleft(draft(3, HELLO_WORLD))
        b.backend.overtaken.add(2)
        await b.until(lambda: len(b.stub.times("PDU")) == 2)
        assert b.stub.commands().count("+CMGS=24") == 1
        assert 2 not in b.backend.reserved


@simulated
async def test_an_outcome_does_not_wait_for_a_draft_that_was_let_go() -> None:
    """The next draft was overtaken, and nothing else is due: the outcome of the one before is journaled now."""
    async with bench() as b:
        await b.becomes(ModemHealth.READY)
        b.queue(1, 2)
        await b.until(lambda: 2 in b.backend.reserved)
        b.backend.overtaken.add(2)
        await asyncio.sleep(5)
        assert [report.ending for report in b.backend.reports] == [AttemptEnding.ACCEPTED]


@simulated
async def test_after_an_unanswered_part_the_next_goes_on() -> None:
    """What was chosen ahead is given back at once, for others to send; the modem is set up again, and goes on."""
    async with bench() as b:
        await b.becomes(ModemHealth.READY)
        b.stub.answers |= {"PDU": "", "": ""}
        b.queue(1, 2)
        await b.until(lambda: len(b.backend.reports) == 1, within_s=200)
        await asyncio.sleep(0.01)
        assert b.backend.reserved == set()
        del b.stub.answers["PDU"], b.stub.answers[""]
        b.queue(2)
        await b.until(lambda: b.backend.claims == 2, within_s=10)
        assert b.stub.commands().count("+CMGF=0") == 2
        assert [report.ending for report in b.backend.reports][:1] == [AttemptEnding.NO_ANSWER]


@simulated
async def test_a_modem_without_a_prompt_lets_its_part_go() -> None:
    """After 5 s another modem may have the part, while this one still waits for its prompt."""
    async with bench() as b:
        await b.becomes(ModemHealth.READY)
        b.stub.answers["+CMGS=18"] = ""
        b.queue(1)
        await b.until(lambda: b.stub.commands()[-1:] == ["+CMGS=18"], within_s=5)
        await asyncio.sleep(4.9)
        assert b.backend.reserved == {1}
        await asyncio.sleep(0.2)
        assert b.backend.reserved == set()


@simulated
async def test_a_modem_that_is_unplugged_lets_go_of_its_next_part_at_once() -> None:
    """Not only after the 10 s for which it is kept."""
    async with bench() as b:
        await b.becomes(ModemHealth.READY)
        b.stub.answers["PDU"] = ""
        b.queue(1, 2)
        await b.until(lambda: 2 in b.backend.reserved)
        b.stub.unplug()
        await asyncio.sleep(0.5)
        assert b.backend.reserved == set()


@simulated
async def test_while_a_send_hangs_other_modems_may_have_the_next_part() -> None:
    """What was chosen ahead goes back after 10 s, long before the modem is given up."""
    async with bench() as b:
        await b.becomes(ModemHealth.READY)
        b.stub.answers["PDU"] = ""
        b.queue(1, 2)
        await b.until(lambda: 2 in b.backend.reserved)
        await asyncio.sleep(9.9)
        assert 2 in b.backend.reserved
        await asyncio.sleep(0.2)
        assert (b.backend.reserved, b.backend.reports) == ({1}, [])


@simulated
async def test_each_part_that_was_chosen_ahead_is_kept_for_its_own_time() -> None:
    """The time of one that has gone out ends with it: the part behind it stays."""
    async with bench() as b:
        await b.becomes(ModemHealth.READY)
        b.stub.send_s = 6.0
        b.queue(1, 2, 3)
        await b.until(lambda: len(b.backend.reports) == 3, within_s=20)


@simulated
async def test_after_a_lost_answer_the_modem_goes_on_at_once() -> None:
    """It answers AT after 15 s, and is not set up again: the part is unknown, and the next one goes out."""
    async with bench() as b:
        await b.becomes(ModemHealth.READY)
        b.stub.answers["PDU"] = ""
        b.queue(1, 2)
        await b.until(lambda: len(b.backend.reports) == 1, within_s=20)
        del b.stub.answers["PDU"]
        b.queue(2)  # it went back to the queue after 10 s
        await b.until(lambda: len(b.backend.reports) == 2, within_s=5)
        assert [report.ending for report in b.backend.reports] == [AttemptEnding.NO_ANSWER, AttemptEnding.ACCEPTED]
        assert (b.stub.commands().count("+CMGF=0"), b.backend.claims) == (1, 2)


@simulated
async def test_a_late_answer_settles_its_attempt() -> None:
    """While the port stays open."""
    async with bench() as b:
        await b.becomes(ModemHealth.READY)
        b.stub.answers["PDU"] = ""
        b.queue(1)
        await b.until(lambda: len(b.backend.reports) == 1, within_s=200)
        await asyncio.sleep(1)
        b.stub.say("+CMGS: 14", "OK")
        await asyncio.sleep(1)
        assert [(a.attempt_id, a.ending, a.reference) for a in b.backend.reports] == [
            (1, AttemptEnding.NO_ANSWER, None),
            (1, AttemptEnding.ACCEPTED, 14),
        ]


@simulated
async def test_notices_are_dealt_with_and_storage_is_swept_at_its_interval() -> None:
    """A direct report is kept at once; the storage is looked at after the set-up, and then every interval."""
    async with bench() as b:
        await b.becomes(ModemHealth.READY)
        b.stub.say("+CDS: 25", "079144775810065006400C91447700091032523011905180005230119051210000")
        await b.until(lambda: len(b.backend.stored) == 1, within_s=1)
        await asyncio.sleep(2 * SWEEP_S + 10)
        assert gaps(b.stub.times("+CMGL=4")) == pytest.approx([SWEEP_S, SWEEP_S], abs=1)


@simulated
async def test_a_mistake_of_ours_is_logged_and_the_port_reopened(caplog: pytest.LogCaptureFixture) -> None:
    """The task never ends by an error; the modem says what happened, and comes back by itself."""
    async with bench() as b:
        await b.becomes(ModemHealth.READY)
        b.backend.claim_error = RuntimeError("a mistake of ours")
        b.queue(1)
        await b.becomes(ModemHealth.GONE)
        assert "a mistake of ours" in str(b.modem.status.reason)
        assert "modem task failed" in caplog.text
        b.backend.claim_error = None
        await b.becomes(ModemHealth.READY, within_s=5)
        assert len(b.stub.ports) == 2


@simulated
async def test_a_choice_that_fails_does_not_take_an_outcome_with_it() -> None:
    """The part on the air was accepted: that is journaled, whatever happens to the next one."""
    async with bench() as b:
        await b.becomes(ModemHealth.READY)
        b.queue(1)
        await b.until(lambda: "claimed 1" in b.backend.journal, step_s=0.001)

        class Broken:
            """A queue that cannot be asked."""

            def __bool__(self) -> bool:
                raise RuntimeError("a mistake of ours")

        whole, b.backend.waiting = b.backend.waiting, Broken()  # type: ignore[assignment]
        await asyncio.sleep(3)
        b.backend.waiting = whole
        assert [report.ending for report in b.backend.reports] == [AttemptEnding.ACCEPTED]


REPORT = "079144775810065006400C91447700091032523011905180005230119051210000"


@simulated
async def test_nothing_is_deleted_by_an_index_of_before_a_restart() -> None:
    """The storage may be another then: what was read before it, and is durable, is left for the sweep after the set-up."""
    async with bench() as b:
        await b.becomes(ModemHealth.READY)
        await asyncio.sleep(1)
        b.stub.answers["+CMGR=5"] = f"+CMGR: 0,,25|{REPORT}|OK"
        b.backend.commit_s = 0.05
        b.stub.say('+CDSI: "SM",5')
        b.queue(1)
        b.stub.answers["PDU"] = ""
        await b.until(lambda: "PDU" in b.stub.commands())
        before = len(b.stub.received)
        b.stub.say("RDY")
        await asyncio.sleep(10)
        after = [command for _, command in b.stub.received[before:]]
        assert "+CMGD=5" not in after[: next(place for place, each in enumerate(after) if each.startswith("+CMGL"))]


@simulated
async def test_a_refusal_is_answered_by_no_reset() -> None:
    """The same command refused the same way is the modem's answer: one more set-up, then waits that grow. The reason names the
    command and what it is for. A reset would drop the network for everybody on that modem."""
    async with bench() as b:
        b.stub.answers |= {"+CMGF=0": "ERROR", "+CMGF?": "ERROR"}
        await asyncio.sleep(3600)
        assert "+CFUN=1,1" not in b.stub.commands()
        assert len(b.stub.times("+CMGF=0")) <= 8
        assert len(b.stub.opened) == 1
        assert b.health is ModemHealth.QUARANTINED
        assert b.modem.status.reason == "AT+CMGF=0 answered ERROR; modemd sends in PDU mode only (+CMGF? must answer 0)"
        del b.stub.answers["+CMGF=0"]
        await b.becomes(ModemHealth.READY, 1900)


@simulated
async def test_a_restart_ends_the_wait_after_a_refusal() -> None:
    """Then another firmware or another SIM may answer."""
    async with bench() as b:
        b.stub.answers |= {"+CMGF=0": "ERROR", "+CMGF?": "ERROR"}
        await b.becomes(ModemHealth.QUARANTINED)
        await asyncio.sleep(20)
        del b.stub.answers["+CMGF=0"]
        await asyncio.sleep(20)
        assert b.health is ModemHealth.QUARANTINED
        b.stub.say("RDY")
        await b.becomes(ModemHealth.READY, 5)


@simulated
async def test_other_refusals_each_time_are_tried_again() -> None:
    """Noise makes a refusal, too, but not the same one again."""
    async with bench() as b:
        b.stub.answers["+CMGF?"] = "ERROR"
        for code in (3, 4, 50):
            b.stub.answers["+CMGF=0"] = f"+CME ERROR: {code}"
            await b.until(partial(lambda said: said in str(b.modem.status.reason), str(code)))
        del b.stub.answers["+CMGF=0"]
        await b.becomes(ModemHealth.READY, 5)


@pytest.mark.parametrize("answer", ["+CMS ERROR: 303", "+CMS ERROR: 304", "ERROR"])
@simulated
async def test_a_refused_list_is_no_illness(answer: str) -> None:
    """Sending needs no list: the set-up is tried again once, then the modem is used, ready all the time, and is never reset."""
    async with bench() as b:
        b.stub.answers |= {"+CMGL=4": answer, "+CMGF?": "+CMGF: 0|OK"}
        await b.becomes(ModemHealth.READY)
        await asyncio.sleep(10)
        set_ups = len(b.stub.times("+CNMI=?"))
        assert set_ups <= 2
        for _ in range(600):
            await asyncio.sleep(1)
            assert b.health is ModemHealth.READY
        assert len(b.stub.times("+CNMI=?")) == set_ups
        assert "+CFUN=1,1" not in b.stub.commands()
        b.queue(1)
        await b.until(lambda: b.modem.status.sent == 1)


@simulated
async def test_a_list_refused_in_text_mode_is_a_lost_pdu_mode() -> None:
    """Another program, or a restart that nobody announced: the modem is set up again each time."""
    async with bench() as b:
        await b.becomes(ModemHealth.READY)
        b.stub.answers |= {"+CMGL=4": "+CMS ERROR: 305", "+CMGF?": "+CMGF: 1|OK"}
        set_ups = len(b.stub.times("+CMGF=0"))
        await b.until(lambda: len(b.stub.times("+CMGF=0")) == set_ups + 1, SWEEP_S + 10)
        b.stub.answers |= {"+CMGL=4": "OK", "+CMGF?": "+CMGF: 0|OK"}
        await b.becomes(ModemHealth.READY)
