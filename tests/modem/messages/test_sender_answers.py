"""Whose answer it is: late, doubled, stray and lost answers to parts."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from modemd.at import Urc
from modemd.connector import AttemptEnding, AttemptReport
from modemd.errors import ReplyTimeout, Restarted
from modemd.modem.messages.sender import SHORTEST_PATIENCE_S, PartSender
from tests.modem.backend import GENERIC, HELLO_WORLD, draft, identity
from tests.modem.messages.test_sender import ESCAPES, HELLO_PDU, HELLO_WORLD_PDU, PROMPT, bench, ended, sent
from tests.modem.scripted_port import simulated

PROBING = replace(GENERIC, probe_lost_answer=True, send_timeout_s=120)
REFUSED = "+CMS ERROR: 38"


@simulated
async def test_an_answer_that_comes_once_more_proves_nothing() -> None:
    """The modem answers the first part twice, the second time after the second part's Ctrl-Z, and refuses the second part."""
    async with bench(
        f"{PROMPT} \n {sent(12)} \n {PROMPT} \n >> {HELLO_PDU} ^Z \n << +CMGS: 12 | OK [0.1] \n << {REFUSED} [0.5] \n {ESCAPES}"
    ) as b:
        assert ended(await b.send()).ending is AttemptEnding.ACCEPTED
        report = ended(await b.send(draft(2)))
        assert (report.ending, report.code, report.reference) == (AttemptEnding.REFUSED, 38, None)
        await b.dialogue.synchronise()


@simulated
async def test_a_refusal_in_answer_to_at_is_the_parts() -> None:
    """The first part's answer comes once more, and the second part's refusal as late as the answer to the bare AT behind it."""
    async with bench(
        f"{PROMPT} \n {sent(12)} \n {PROMPT} \n {sent(12)} \n >> AT \n << {REFUSED} [3] \n << OK [1] \n {ESCAPES}"
    ) as b:
        await b.send()
        assert ended(await b.send(draft(2))).code == 38
        await asyncio.sleep(2)
        await b.dialogue.synchronise()


@simulated
async def test_a_doubled_answer_and_the_parts_own() -> None:
    """The part's own answer is the second one; its reference counts."""
    async with bench(f"{PROMPT} \n {sent(12)} \n {PROMPT} \n {sent(12)} \n << +CMGS: 13 | OK [0.5]") as b:
        await b.send()
        assert ended(await b.send(draft(2))).reference == 13


@simulated
async def test_a_modem_with_one_reference_for_all_is_asked_once() -> None:
    """A repeated reference without a second answer is this modem's way: from then on nothing more is waited for."""
    async with bench(f"{PROMPT} \n {sent(0)} \n {PROMPT} \n {sent(0)} \n >> AT \n << OK \n {PROMPT} \n {sent(0)}") as b:
        for part in (1, 2, 3):
            report = ended(await b.send(draft(part)))
            assert (report.ending, report.reference) == (AttemptEnding.ACCEPTED, 0)


SECOND_LISTENED = ">> AT \n << OK"


@simulated
async def test_a_repeated_reference_of_a_modem_with_distinct_ones_proves_nothing() -> None:
    """The third part's answer comes once more after the fourth part's Ctrl-Z, which is swallowed: unknown. If the fifth has the
    same reference again, it is this modem's way."""
    answers = "\n".join(f"{PROMPT} \n {sent(reference)}" for reference in (11, 12, 13))
    again = f"{PROMPT} \n {sent(13)} \n {SECOND_LISTENED}"
    async with bench(
        f"{answers} \n {again} \n {PROMPT} \n >> {HELLO_PDU} ... \n >> ^Z \n << +CMGS: 13 | OK \n >> AT \n << OK"
    ) as b:
        for part in (1, 2, 3):
            assert ended(await b.send(draft(part))).ending is AttemptEnding.ACCEPTED
        result = await b.send(draft(4))
        assert (ended(result).ending, ended(result).reference) == (AttemptEnding.NO_ANSWER, None)
        assert result is not None
        assert result.link_error is None
        assert ended(await b.send(draft(5))).ending is AttemptEnding.ACCEPTED


@simulated
async def test_a_modem_that_gives_distinct_references_again_is_not_believed_to_repeat_them() -> None:
    """It gave 0 twice, because it began to count anew; then 1, and 1 once more for a part that it has swallowed."""
    again = [f"{PROMPT} \n {sent(reference)} \n {SECOND_LISTENED}" for reference in (0, 1)]
    async with bench(f"{PROMPT} \n {sent(0)} \n {again[0]} \n {PROMPT} \n {sent(1)} \n {again[1]}") as b:
        endings = [ended(await b.send(draft(part))).ending for part in (1, 2, 3, 4)]
        assert endings == [AttemptEnding.ACCEPTED] * 3 + [AttemptEnding.NO_ANSWER]


@pytest.mark.parametrize("set_up_again", [False, True])
@simulated
async def test_a_doubled_answer_is_no_late_answer(set_up_again: bool) -> None:
    """The first part's answer comes once more while the second part's outcome is unknown, and then the second part's own."""
    async with bench(f"{PROMPT} \n {sent(11)} \n {PROMPT} \n >> {HELLO_PDU} ^Z") as b:
        await b.send()
        assert ended(await b.send(draft(2))).ending is AttemptEnding.NO_ANSWER
        if set_up_again:
            before, b.sender = b.sender, b.renewed()
            b.sender.inherit_state(before)
        assert b.sender.take_late_answer("+CMGS: 11") is None
        assert b.sender.take_late_answer("+CMGS: 12") == AttemptReport(2, AttemptEnding.ACCEPTED, reference=12)


@simulated
async def test_a_late_answer_that_comes_once_more_is_nobodys() -> None:
    """The first part's late answer comes twice, the second time while the second part's outcome is unknown."""
    async with bench(f"{LOST} \n {PROMPT} \n >> {HELLO_PDU} ... \n >> ^Z") as b:
        await b.send()
        await b.dialogue.synchronise()
        b.dialogue.notices.append(Urc("+CMGS: 14"))
        assert ended(await b.send(draft(2))).ending is AttemptEnding.NO_ANSWER
        assert b.sender.take_late_answer("+CMGS: 14") is None


@simulated
async def test_a_late_answer_proves_none_of_two_unanswered_parts() -> None:
    """The network took the first and not the second, or the other way round: a late answer does not say which."""
    async with bench(f"{LOST} \n {PROMPT} \n >> {HELLO_PDU} ... \n >> ^Z") as b:
        for part in (1, 2):
            assert ended(await b.send(draft(part))).ending is AttemptEnding.NO_ANSWER
        assert b.sender.take_late_answer("+CMGS: 14") is None
        assert b.sender.take_late_answer("+CMGS: 15") is None
        assert b.backend.reports == []


LOST = f"{PROMPT} \n >> {HELLO_PDU} ^Z \n {ESCAPES}"


@pytest.mark.parametrize("place", ["at the prompt", "inside the PDU", "after its Ctrl-Z"])
@pytest.mark.parametrize(
    ("second", "ending"), [(REFUSED, AttemptEnding.REFUSED), ("+CMGS: 15 | OK", AttemptEnding.ACCEPTED)]
)
@simulated
async def test_the_late_answer_of_the_part_before_is_its_own(place: str, second: str, ending: AttemptEnding) -> None:
    """Wherever the late answer comes, it is the first part's, and the second part ends by its own."""
    late, pdu = "<< +CMGS: 14 | OK", f">> {HELLO_WORLD_PDU}"
    rest = {
        "at the prompt": f"{late} \n {pdu} ^Z \n << {second} [1]",
        "inside the PDU": f"{pdu} ... \n {late} [0.1] \n >> ^Z \n << {second} [1]",
        "after its Ctrl-Z": f"{pdu} ... \n >> ^Z \n {late} [0.1] \n << {second} [0.5]",
    }[place]
    async with bench(f"{LOST} \n >> AT+CMGS=24 \n <<$ > \n {rest}") as b:
        assert ended(await b.send()).ending is AttemptEnding.NO_ANSWER
        report = ended(await b.send(draft(2, HELLO_WORLD)))
        assert report.ending is ending
        assert b.backend.reports == [AttemptReport(1, AttemptEnding.ACCEPTED, reference=14)]


@simulated
async def test_a_late_answer_counts_only_for_the_same_sim() -> None:
    """After another set-up over the same port: if there is another SIM in the modem, its answer settles nothing of the first."""
    for iccid, settled in (("8944100030123456789", 1), ("8944100030123456797", None)):
        async with bench(LOST) as b:
            await b.send()
            await b.dialogue.synchronise()
            before = b.sender
            after = PartSender(b.dialogue, replace(identity(), iccid=iccid), b.backend, before._now)
            after.inherit_state(before)
            late = after.take_late_answer("+CMGS: 14")
            assert (late.attempt_id if late is not None else None) == settled


@simulated
async def test_without_a_second_answer_the_first_is_the_parts_own() -> None:
    """The answer of the part before is lost for good: the next part's answer is not taken from it."""
    async with bench(
        f"{LOST} \n >> AT+CMGS=24 \n <<$ > \n >> {HELLO_WORLD_PDU} ... \n >> ^Z \n << +CMGS: 15 | OK \n >> AT \n << OK"
    ) as b:
        await b.send()
        assert ended(await b.send(draft(2, HELLO_WORLD))).reference == 15
        assert b.backend.reports == []


@simulated
async def test_a_stray_ok_is_no_acceptance() -> None:
    """An OK without a reference, and then the refusal: refused."""
    async with bench(f"{PROMPT} \n >> {HELLO_PDU} ^Z \n << OK \n << {REFUSED} [1]") as b:
        assert ended(await b.send()).code == 38


@simulated
async def test_an_ok_alone_is_no_answer() -> None:
    """Of a family that gives references: the outcome is unknown."""
    async with bench(f"{PROMPT} \n >> {HELLO_PDU} ^Z \n << OK") as b:
        assert ended(await b.send()).ending is AttemptEnding.NO_ANSWER


@simulated
async def test_a_modem_that_leaves_its_prompt_by_an_error_gets_no_pdu() -> None:
    """The error came while the claim was committed: nothing was written, and the part is refused."""
    async with bench(f"{PROMPT} \n << {REFUSED} [0.1]") as b:
        b.backend.commit_s = 0.5
        report = ended(await b.send())
        assert (report.ending, report.code, report.written_at, b.air) == (AttemptEnding.REFUSED, 38, None, 0)


@simulated
async def test_a_modem_that_restarts_at_its_prompt_gets_no_pdu() -> None:
    """It may be in text mode now: the attempt is withdrawn."""
    async with bench(f"{PROMPT} \n << RDY [0.1]") as b:
        b.dialogue.expect_restarts(("RDY",))
        b.backend.commit_s = 0.5
        result = await b.send()
        assert (ended(result).ending, b.air) == (AttemptEnding.WITHDRAWN, 0)
        assert result is not None
        assert isinstance(result.link_error, Restarted)


@simulated
async def test_a_lost_answer_is_found_out_by_a_bare_at() -> None:
    """15 s without an answer: AT, once. Its OK tells that the answer is lost; the modem goes on, and needs no other step."""
    async with bench(f"{PROMPT} \n >> {HELLO_PDU} ^Z \n >> AT \n << OK", PROBING) as b:
        result = await b.send()
        report = ended(result)
        assert (report.ending, b.air) == (AttemptEnding.NO_ANSWER, 1)
        assert report.elapsed_s == pytest.approx(SHORTEST_PATIENCE_S)
        assert result is not None
        assert result.link_error is None


@pytest.mark.parametrize(
    ("answer", "ending", "elapsed_s"),
    [
        pytest.param("<< +CMGS: 12 | OK | OK [5]", AttemptEnding.ACCEPTED, 20, id="the answer comes meanwhile"),
        pytest.param("<< +CMS ERROR: 38 [5] \n << OK [0]", AttemptEnding.REFUSED, 20, id="a refusal comes meanwhile"),
        pytest.param("<< AT | OK [1]", AttemptEnding.NO_ANSWER, 16, id="the modem echoes"),
        pytest.param("<< ^RSSI:9 [1]", AttemptEnding.NO_ANSWER, 120, id="silence: the family's time-out"),
        pytest.param("<< ERROR [5] \n << OK [1]", AttemptEnding.REFUSED, 21, id="a refusal, and the OK of AT"),
        pytest.param("<< +CMS ERROR: 38 [5]", AttemptEnding.REFUSED, 20, id="a refusal of the network, and no more"),
        pytest.param("<< +CMS ERROR: 515 [1]", AttemptEnding.NO_ANSWER, 18, id="an error that may be AT's"),
        pytest.param("<< ERROR [1]", AttemptEnding.NO_ANSWER, 18, id="a bare error that may be AT's"),
        pytest.param("<< ERROR [1] \n << +CMGS: 12 | OK [1]", AttemptEnding.NO_ANSWER, 17, id="AT's error"),
        pytest.param("<< ERROR [1] \n << CMGS: 12 | OK [1]", AttemptEnding.NO_ANSWER, 17, id="AT's error, with noise"),
    ],
)
@simulated
async def test_what_follows_the_bare_at(answer: str, ending: AttemptEnding, elapsed_s: float) -> None:
    """The part's own answer counts; silence waits on. The PDU is written once, and AT once."""
    async with bench(f"{PROMPT} \n >> {HELLO_PDU} ^Z \n >> AT \n {answer}", PROBING) as b:
        result = await b.send()
        assert (ended(result).ending, b.air) == (ending, 1)
        assert ended(result).elapsed_s == pytest.approx(elapsed_s)
        assert result is not None
        assert isinstance(result.link_error, ReplyTimeout) == (elapsed_s == 120)


@pytest.mark.parametrize("after_s", [1, 9], ids=["at once", "later"])
@simulated
async def test_an_answer_after_the_error_of_at_counts(after_s: float) -> None:
    """The modem is busy, and says so to AT; its +CMGS is a late answer then, and the part is not written again."""
    async with bench(
        f"{PROMPT} \n >> {HELLO_PDU} ^Z \n >> AT \n << +CMS ERROR: 515 [1] \n << +CMGS: 11 | OK [{after_s}]", PROBING
    ) as b:
        assert ended(await b.send()).ending is AttemptEnding.NO_ANSWER
        await asyncio.sleep(10)
        (late,) = b.dialogue.take_notices("+CMGS:")
        assert b.sender.take_late_answer(late.line) == AttemptReport(1, AttemptEnding.ACCEPTED, reference=11)


@simulated
async def test_an_error_after_at_proves_nothing_of_a_family_without_references() -> None:
    """The OK after it may be the answer to AT, or the acceptance: the outcome is unknown."""
    profile = replace(PROBING, gives_reference=False)
    async with bench(f"{PROMPT} \n >> {HELLO_PDU} ^Z \n >> AT \n << ERROR [1] \n << OK [1]", profile) as b:
        assert ended(await b.send()).ending is AttemptEnding.NO_ANSWER


@pytest.mark.parametrize("error", ["+CMS ERROR: 515", "ERROR", "+CME ERROR: 14"])
@simulated
async def test_an_error_of_at_while_a_second_answer_is_listened_for_is_no_refusal(error: str) -> None:
    """The reference is repeated, and the modem is busy when AT asks for more: the outcome is unknown."""
    async with bench(f"{PROMPT} \n {sent(0)} \n {PROMPT} \n {sent(0)} \n >> AT \n << {error} \n {ESCAPES}") as b:
        await b.send()
        result = await b.send(draft(2))
        assert (ended(result).ending, ended(result).code) == (AttemptEnding.NO_ANSWER, None)
        assert result is not None
        assert result.link_error is None
        await b.dialogue.synchronise()


@pytest.mark.parametrize("error", ["+CMS ERROR: 500", "+CMS ERROR: 38", "ERROR"])
@simulated
async def test_a_reference_and_an_error_contradict_each_other(error: str) -> None:
    """Accepted, says one line, and refused, the other: the outcome is unknown, and the part is not written again."""
    async with bench(f"{PROMPT} \n >> {HELLO_PDU} ^Z \n << +CMGS: 11 | {error}") as b:
        result = await b.send()
        assert (ended(result).ending, ended(result).reference) == (AttemptEnding.NO_ANSWER, None)
        assert ended(result).error == f"the modem said +CMGS: 11 and {error}"
        assert result is not None
        assert result.link_error is None


@simulated
async def test_an_error_of_at_after_a_reference_is_no_refusal() -> None:
    """The OK behind the reference is lost, and AT is answered by an error: the outcome is unknown."""
    async with bench(f"{PROMPT} \n >> {HELLO_PDU} ^Z \n << +CMGS: 12 \n >> AT \n << ERROR", PROBING) as b:
        assert ended(await b.send()).ending is AttemptEnding.NO_ANSWER


@pytest.mark.parametrize("echo", ["T+CMGS=18", "AT+CMGF=0;+CMG=18", "+CMGS=18", "+CMGS: 18"])
@simulated
async def test_a_line_before_ctrl_z_is_no_reference(echo: str) -> None:
    """The echo of the send line has lost an octet. The PDU is swallowed, and the OK of AT does not accept it."""
    async with bench(f">> AT+CMGS=18 \n << {echo} \n <<$ > [0] \n >> {HELLO_PDU} ^Z \n >> AT \n << OK", PROBING) as b:
        assert ended(await b.send()).ending is AttemptEnding.NO_ANSWER


@pytest.mark.parametrize("line", ["CMGS: 12", "+CMGS=18", "+CMGS 12x", "T+CMGS=18"])
@simulated
async def test_the_ok_of_at_needs_a_whole_reference(line: str) -> None:
    """After Ctrl-Z comes a damaged line, and no OK: the OK of AT proves nothing."""
    async with bench(f"{PROMPT} \n >> {HELLO_PDU} ^Z \n << {line} \n >> AT \n << OK", PROBING) as b:
        assert ended(await b.send()).ending is AttemptEnding.NO_ANSWER


@pytest.mark.parametrize(("before", "after"), [("AT+CMGS18", "OK"), ("^RSSI:9", "T+CMGS=18 | OK")])
@simulated
async def test_the_echo_of_a_send_line_is_no_reference(before: str, after: str) -> None:
    """Before Ctrl-Z, where noise may have taken its `=`, or behind it; a stray OK follows."""
    async with bench(f">> AT+CMGS=18 \n << {before} \n <<$ > \n >> {HELLO_PDU} ^Z \n << {after}") as b:
        assert ended(await b.send()).ending is AttemptEnding.NO_ANSWER


@simulated
async def test_the_patience_is_ten_times_the_usual_time() -> None:
    """A SIM whose parts take 4 s each is asked after 40 s."""
    usual = "\n".join(f"{PROMPT} \n >> {HELLO_PDU} ^Z \n << +CMGS: {reference} | OK [4]" for reference in (1, 2, 3))
    async with bench(f"{usual} \n {PROMPT} \n >> {HELLO_PDU} ^Z \n >> AT \n << OK", PROBING) as b:
        for part in (1, 2, 3):
            await b.send(draft(part))
        assert ended(await b.send(draft(4))).elapsed_s == pytest.approx(40)


@simulated
async def test_an_ok_behind_its_reference_is_waited_for() -> None:
    """`+CMGS` is there and its OK is not: no AT is written."""
    async with bench(f"{PROMPT} \n >> {HELLO_PDU} ^Z \n << +CMGS: 12 [14] \n << OK [10]", PROBING) as b:
        assert ended(await b.send()).reference == 12


@simulated
async def test_an_ok_that_noise_has_taken_is_made_up_for() -> None:
    """`+CMGS` came, and its OK did not: after 15 s of silence the OK of AT ends the answer."""
    async with bench(f"{PROMPT} \n >> {HELLO_PDU} ^Z \n << +CMGS: 12 [14] \n >> AT \n << OK", PROBING) as b:
        report = ended(await b.send())
        assert (report.ending, report.reference) == (AttemptEnding.ACCEPTED, 12)
        assert report.elapsed_s == pytest.approx(29)


@pytest.mark.parametrize("line", ["CMGS: 12", "+CMGS: 1", "+CMGS 12x"])
@simulated
async def test_a_damaged_reference_is_still_an_answer(line: str) -> None:
    """Noise has damaged the line before the OK: the part was accepted, under a reference that may be none or wrong."""
    async with bench(f"{PROMPT} \n >> {HELLO_PDU} ^Z \n << {line} | OK") as b:
        assert ended(await b.send()).ending is AttemptEnding.ACCEPTED


@simulated
async def test_a_driver_can_switch_it_off() -> None:
    """Then the family's time-out is waited for."""
    async with bench(f"{PROMPT} \n >> {HELLO_PDU} ^Z", replace(PROBING, probe_lost_answer=False)) as b:
        assert ended(await b.send()).elapsed_s == pytest.approx(120)
