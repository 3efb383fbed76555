"""One part on the air: what goes to the modem, byte by byte, and what is journaled of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace

import pytest

from modemd.connector import AttemptEnding, AttemptReport, Draft
from modemd.errors import PortGone, ReplyTimeout
from modemd.modem.link.dialogue import Dialogue
from modemd.modem.messages.sender import QUICK_PROMPT_S, PartSender, SendResult
from modemd.profiles import Profile
from tests.modem.backend import GENERIC, HELLO, HELLO_WORLD, FakeBackend, draft, identity
from tests.modem.scripted_port import ScriptedPort, script, simulated
from tests.sim.world.loop import LoopClock

HELLO_PDU = f"00{HELLO.hex().upper()}"
HELLO_WORLD_PDU = f"00{HELLO_WORLD.hex().upper()}"
PROMPT = ">> AT+CMGS=18 \n <<$ >"
ESCAPES = ">> ^[ \n >> AT \n << OK | OK"


@dataclass
class Bench:
    """A sender at a scripted modem. `next_drafts`: what claims said of the next part."""

    port: ScriptedPort
    backend: FakeBackend
    dialogue: Dialogue
    sender: PartSender
    next_drafts: list[Draft | None] = field(default_factory=list)

    async def send(self, part: Draft | None = None, *, choose_next: bool = False) -> SendResult | None:
        return await self.sender.send(part or draft(1), choose_next, self.next_drafts.append)

    def renewed(self) -> PartSender:
        """A sender as after another set-up over the same port."""
        return PartSender(self.dialogue, self.sender._identity, self.backend, LoopClock(asyncio.get_running_loop()).now)

    @property
    def air(self) -> int:
        """How many PDUs were written."""
        return self.port.written.count(b"\x1a")


@asynccontextmanager
async def bench(transcript: str, profile: Profile = GENERIC) -> AsyncIterator[Bench]:
    with script(transcript) as port:
        backend, dialogue = FakeBackend(), Dialogue(port)
        sender = PartSender(dialogue, identity(profile), backend, LoopClock(asyncio.get_running_loop()).now)
        yield Bench(port, backend, dialogue, sender)


def ended(result: SendResult | None) -> AttemptReport:
    assert result is not None
    return result.report


@simulated
async def test_a_part_is_sent() -> None:
    """Prompt, claim, PDU with the SIM's own SMSC, reference; the time of its first octet and until its answer are kept."""
    async with bench(f"{PROMPT} [2] \n >> {HELLO_PDU} ^Z \n << +CMGS: 12 | OK [3]") as b:
        result = await b.send()
        report = ended(result)
        assert (report.ending, report.reference, b.air) == (AttemptEnding.ACCEPTED, 12, 1)
        assert report.written_at is not None
        assert report.written_at.second == 2
        assert report.elapsed_s == pytest.approx(3)
        assert result is not None
        assert result.link_error is None


@simulated
async def test_nothing_of_the_pdu_is_written_before_the_claim_is_known() -> None:
    """The commit takes its time; until its answer is there, only the prompt was asked for."""
    async with bench(f"{PROMPT} \n >> {HELLO_PDU} ^Z \n << +CMGS: 12 | OK") as b:
        b.backend.commit_s = 1.0
        sending = asyncio.ensure_future(b.send())
        await asyncio.sleep(0.999)
        assert (b.port.written, b.air) == (b"AT+CMGS=18\r", 0)
        assert ended(await sending).ending is AttemptEnding.ACCEPTED


@simulated
async def test_nothing_may_go_and_the_prompt_is_escaped() -> None:
    """The claim found nothing: ESC, and nothing is journaled."""
    async with bench(f"{PROMPT} \n {ESCAPES}") as b:
        b.backend.other_tpdus.append(None)
        assert await b.send() is None
        assert (b.backend.journal, b.air) == ([], 0)


@simulated
async def test_another_part_of_another_length_gets_a_prompt_of_its_own() -> None:
    """The claim chose something that goes before the draft: the old prompt is escaped, the new one says the new length."""
    async with bench(
        f"{PROMPT} \n {ESCAPES} \n >> AT+CMGS=24 \n <<$ > \n >> {HELLO_WORLD_PDU} ^Z \n << +CMGS: 5 | OK"
    ) as b:
        b.backend.other_tpdus.append(HELLO_WORLD)
        assert ended(await b.send()).reference == 5


@simulated
async def test_another_part_of_the_same_length_goes_to_the_prompt_that_is_there() -> None:
    """Its octets are the claim's, not the draft's."""
    other = HELLO[:-1] + b"\x07"
    async with bench(f"{PROMPT} \n >> 00{other.hex().upper()} ^Z \n << +CMGS: 5 | OK") as b:
        b.backend.other_tpdus.append(other)
        assert ended(await b.send()).reference == 5


@pytest.mark.parametrize(
    "answer", ["<< +CMS ERROR: 304", "<< OK   [0] \n << +CMS ERROR: 304 [1]"], ids=["at once", "late"]
)
@simulated
async def test_a_second_prompt_that_is_refused_ends_the_attempt(answer: str) -> None:
    """The attempt is journaled already, so the refusal is its outcome; nothing was written."""
    async with bench(f"{PROMPT} \n {ESCAPES} \n >> AT+CMGS=24 \n {answer}") as b:
        b.backend.other_tpdus.append(HELLO_WORLD)
        report = ended(await b.send())
        assert (report.ending, report.code, report.written_at) == (AttemptEnding.REFUSED, 304, None)
        assert b.air == 0


@simulated
async def test_a_second_prompt_that_never_comes_withdraws_the_attempt() -> None:
    """Nothing of it was written: it is not unknown. The trouble comes back with it."""
    async with bench(f"{PROMPT} \n {ESCAPES} \n >> AT+CMGS=24") as b:
        b.backend.other_tpdus.append(HELLO_WORLD)
        result = await b.send()
        assert ended(result).ending is AttemptEnding.WITHDRAWN
        assert result is not None
        assert isinstance(result.link_error, ReplyTimeout)


@simulated
async def test_consent_that_moved_during_the_claim_withdraws_the_attempt() -> None:
    """Somebody opted out after the claim looked: ESC at the prompt, and no octet of the PDU."""
    async with bench(f"{PROMPT} \n {ESCAPES}") as b:
        b.backend.commit_s = 0.5
        asyncio.get_running_loop().call_later(0.3, setattr, b.backend, "consent_epoch", 1)
        assert ended(await b.send()) == AttemptReport(1, AttemptEnding.WITHDRAWN, error="consent changed")
        assert HELLO_PDU.encode() not in b.port.written


@simulated
async def test_consent_that_moved_before_the_second_prompt_withdraws_the_attempt() -> None:
    """The claim chose a part of another length; somebody opts out while the modem prepares the prompt for it."""
    async with bench(f"{PROMPT} \n {ESCAPES} \n >> AT+CMGS=24 \n <<$ >  [1] \n {ESCAPES}") as b:
        b.backend.other_tpdus.append(HELLO_WORLD)
        asyncio.get_running_loop().call_later(0.5, setattr, b.backend, "consent_epoch", 1)
        assert ended(await b.send()) == AttemptReport(1, AttemptEnding.WITHDRAWN, error="consent changed")
        assert HELLO_WORLD_PDU.encode() not in b.port.written


@simulated
async def test_a_refusal_instead_of_the_prompt() -> None:
    """The claim is still made, so that the refusal counts against the part; nothing was written."""
    async with bench(">> AT+CMGS=18 \n << +CMS ERROR: 310") as b:
        assert ended(await b.send()) == AttemptReport(1, AttemptEnding.REFUSED, code=310, error="+CMS ERROR: 310")
        assert b.air == 0


@pytest.mark.parametrize(
    ("line", "code"),
    [
        pytest.param("+CMS ERROR: 38", 38, id="by number"),
        pytest.param("ERROR", None, id="without a reason"),
        pytest.param("+CMS ERROR: no credit left", None, id="in words of its own"),
        pytest.param("+CME ERROR: 14", 314, id="SIM busy, as the equipment says it"),
        pytest.param("+CME ERROR: 30", 331, id="no network, not an unknown subscriber"),
        pytest.param("+CME ERROR: 31", 332, id="network timeout"),
        pytest.param("+CME ERROR: 1", None, id="no link, not an unassigned number"),
        pytest.param("+CME ERROR: 100", None, id="unknown"),
    ],
)
@simulated
async def test_a_refusal_of_the_pdu(line: str, code: int | None) -> None:
    """Number, words and the time it took come back: the class of the error hangs on them."""
    async with bench(f"{PROMPT} \n >> {HELLO_PDU} ^Z \n << {line} [22]") as b:
        report = ended(await b.send())
        assert (report.ending, report.code, report.error) == (AttemptEnding.REFUSED, code, line)
        assert report.elapsed_s == pytest.approx(22)
        assert report.written_at is not None


@simulated
async def test_an_ok_without_a_reference_is_accepted_of_a_family_that_gives_none() -> None:
    """The modem says that it went; its reports just cannot be told by reference."""
    async with bench(f"{PROMPT} \n >> {HELLO_PDU} ^Z \n << OK", replace(GENERIC, gives_reference=False)) as b:
        report = ended(await b.send())
        assert (report.ending, report.reference) == (AttemptEnding.ACCEPTED, None)


@simulated
async def test_an_answer_that_never_comes_is_not_known_and_credited_once_if_late() -> None:
    """No answer in the family's time; a +CMGS in answer to the probe settles it, a second one settles nothing."""
    async with bench(
        f"{PROMPT} \n >> {HELLO_PDU} ^Z \n >> ^[ \n >> AT \n << +CMGS: 14 | OK [1] \n << OK \n << +CMGS: 15 [1]",
        replace(GENERIC, send_timeout_s=60),
    ) as b:
        result = await b.send()
        report = ended(result)
        assert report.ending is AttemptEnding.NO_ANSWER
        assert report.elapsed_s == pytest.approx(60)
        assert result is not None
        assert isinstance(result.link_error, ReplyTimeout)
        await b.dialogue.synchronise()
        await asyncio.sleep(2)
        late = [urc.line for urc in b.dialogue.notices if urc.line.startswith("+CMGS")]
        assert late == ["+CMGS: 14", "+CMGS: 15"]
        assert [b.sender.take_late_answer(line) for line in late] == [
            AttemptReport(1, AttemptEnding.ACCEPTED, reference=14),
            None,
        ]


@simulated
async def test_a_late_answer_in_front_of_the_next_prompt_is_the_older_part_s() -> None:
    """The older attempt is closed as accepted, and the newer one by its own answer."""
    async with bench(
        f"""{PROMPT} \n >> {HELLO_PDU} ^Z \n {ESCAPES}
        >> AT+CMGS=24 \n << +CMGS: 14 | OK [1] \n <<$ > [1]
        >> {HELLO_WORLD_PDU} ^Z \n << +CMGS: 15 | OK"""
    ) as b:
        assert ended(await b.send()).ending is AttemptEnding.NO_ANSWER
        assert ended(await b.send(draft(2, HELLO_WORLD))).reference == 15
        assert b.backend.reports == [AttemptReport(1, AttemptEnding.ACCEPTED, reference=14)]


@simulated
async def test_a_port_lost_after_the_pdu_is_not_known() -> None:
    """Whatever was written may have left."""
    async with bench(f"{PROMPT} \n >> {HELLO_PDU} ^Z \n !! unplugged [1]") as b:
        result = await b.send()
        assert (ended(result).ending, ended(result).error) == (AttemptEnding.NO_ANSWER, "unplugged")
        assert result is not None
        assert isinstance(result.link_error, PortGone)


@simulated
async def test_a_port_lost_during_the_claim_withdraws_the_attempt() -> None:
    """No octet of the PDU was written: nothing happened."""
    async with bench(f"{PROMPT} \n !! unplugged [0.1]") as b:
        b.backend.commit_s = 0.5
        result = await b.send()
        assert ended(result) == AttemptReport(1, AttemptEnding.WITHDRAWN, error="unplugged")
        assert result is not None
        assert isinstance(result.link_error, PortGone)
        assert b.air == 0


@pytest.mark.parametrize(
    ("transcript", "error"),
    [(">> AT+CMGS=18", ReplyTimeout), (">> AT+CMGS=18 \n !! unplugged [1]", PortGone)],
    ids=["no prompt", "port lost"],
)
@simulated
async def test_trouble_before_the_prompt_leaves_no_attempt(transcript: str, error: type[Exception]) -> None:
    """Nothing was claimed, nothing is journaled."""
    async with bench(transcript) as b:
        with pytest.raises(error):
            await b.send()
        assert b.backend.journal == []


def sent(reference: int) -> str:
    """The PDU, and its answer."""
    return f">> {HELLO_PDU} ^Z \n << +CMGS: {reference} | OK"


SENT, SENT_NEXT = sent(12), sent(13)


@pytest.mark.parametrize(
    ("first_s", "claims"), [(QUICK_PROMPT_S / 2, 2), (QUICK_PROMPT_S * 2, 1)], ids=["a quick modem", "a slow one"]
)
@simulated
async def test_the_claim_of_a_quick_modem_is_made_while_its_prompt_is_awaited(first_s: float, claims: int) -> None:
    """Its commit costs no air time then. Of a slow one it is made at the prompt: a crash before it leaves no attempt."""
    async with bench(f"{PROMPT} [{first_s}] \n {SENT} \n {PROMPT} [1] \n {SENT_NEXT}") as b:
        await b.send()
        sending = asyncio.ensure_future(b.send(draft(2)))
        await asyncio.sleep(0.9)
        assert (b.backend.claims, b.air) == (claims, 1)
        assert ended(await sending).ending is AttemptEnding.ACCEPTED
        assert b.backend.claims == 2


@pytest.mark.parametrize(
    ("then", "error"), [("", ReplyTimeout), (" \n !! unplugged [1]", PortGone)], ids=["no prompt", "port lost"]
)
@simulated
async def test_a_claim_whose_prompt_does_not_come_is_withdrawn(then: str, error: type[Exception]) -> None:
    """Nothing was written: the part may go by another modem."""
    async with bench(f"{PROMPT} \n {SENT} \n >> AT+CMGS=18{then}") as b:
        await b.send()
        with pytest.raises(error):
            await b.send(draft(2))
        await asyncio.sleep(0.1)
        assert b.backend.reports == [AttemptReport(2, AttemptEnding.WITHDRAWN, error="no prompt")]


@simulated
async def test_a_part_that_was_let_go_is_claimed_anew_at_the_prompt() -> None:
    """The prompt takes unusually long: others may have the part meanwhile."""
    async with bench(f"{PROMPT} \n {SENT} \n {PROMPT} [6] \n {SENT_NEXT}") as b:
        await b.send()
        sending = asyncio.ensure_future(b.send(draft(2)))
        await asyncio.sleep(5)
        b.sender.withdraw_early_claim()
        await asyncio.sleep(0.1)
        assert b.backend.reports == [AttemptReport(2, AttemptEnding.WITHDRAWN, error="no prompt")]
        assert ended(await sending).attempt_id == 3


@simulated
async def test_after_a_prompt_that_did_not_come_claims_wait_for_theirs() -> None:
    """What was quick once is not believed to be."""
    refused = ">> AT+CMGS=18 \n << +CMS ERROR: 304"
    async with bench(f"{PROMPT} \n {SENT} \n {refused} \n {PROMPT} [1] \n {SENT_NEXT}") as b:
        await b.send()
        assert ended(await b.send(draft(2))).ending is AttemptEnding.REFUSED
        sending = asyncio.ensure_future(b.send(draft(3)))
        await asyncio.sleep(0.9)
        assert b.backend.claims == 2
        await sending


@simulated
async def test_a_claim_tells_what_follows_before_the_pdu_goes_out() -> None:
    """The next part is known while this one is on the air."""
    async with bench(f"{PROMPT} \n >> {HELLO_PDU} ^Z \n << +CMGS: 12 | OK [3]") as b:
        b.backend.waiting.append(draft(2))
        sending = asyncio.ensure_future(b.send(choose_next=True))
        await asyncio.sleep(1)
        assert b.next_drafts == [draft(2)]
        await sending


@simulated
async def test_a_claim_that_commits_too_late_gives_back_what_follows() -> None:
    """The modem was stopped meanwhile: another one may choose that part."""
    async with bench(PROMPT) as b:
        b.backend.commit_s = 1
        b.backend.waiting.append(draft(2))
        await cancel(b.send(choose_next=True), after_s=0.5)
        await asyncio.sleep(1)
        assert (b.next_drafts, b.backend.reserved) == ([], set())


@simulated
async def test_cancelled_before_the_prompt_nothing_is_claimed() -> None:
    """And nothing is journaled."""
    async with bench(">> AT+CMGS=18") as b:
        await cancel(b.send(), after_s=1)
        assert b.backend.journal == []


@pytest.mark.parametrize("committed", [True, False], ids=["that commits", "that finds nothing"])
@simulated
async def test_cancelled_during_a_claim(committed: bool) -> None:
    """A claim that commits afterwards is withdrawn, and never written."""
    async with bench(PROMPT) as b:
        b.backend.commit_s = 1
        if not committed:
            b.backend.other_tpdus.append(None)
        await cancel(b.send(), after_s=0.5)
        await asyncio.sleep(1)
        withdrawn = AttemptReport(1, AttemptEnding.WITHDRAWN, error="stopped")
        assert b.backend.journal == (["claimed 1", withdrawn] if committed else [])


@simulated
async def test_cancelled_at_a_second_prompt_the_attempt_is_withdrawn() -> None:
    """It was claimed, and not written."""
    async with bench(f"{PROMPT} \n {ESCAPES} \n >> AT+CMGS=24") as b:
        b.backend.other_tpdus.append(HELLO_WORLD)
        await cancel(b.send(), after_s=1)
        assert b.backend.journal == ["claimed 1", AttemptReport(1, AttemptEnding.WITHDRAWN, error="stopped")]


@simulated
async def test_cancelled_after_the_pdu_the_attempt_is_not_known() -> None:
    """With the moment of its first octet, so that a report may settle it."""
    async with bench(f"{PROMPT} \n >> {HELLO_PDU} ^Z") as b:
        await cancel(b.send(), after_s=1)
        (report,) = b.backend.reports
        assert (report.ending, report.error) == (AttemptEnding.NO_ANSWER, "stopped")
        assert report.written_at is not None


async def cancel(sending: object, after_s: float) -> None:
    task = asyncio.ensure_future(sending)  # type: ignore[call-overload]
    await asyncio.sleep(after_s)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


@pytest.mark.parametrize(
    ("answers", "asked"), [(["OK", "OK"], 2), (["+CMS ERROR: 500"], 1)], ids=["granted", "refused"]
)
@simulated
async def test_the_link_is_held_from_the_first_part_on(answers: list[str], asked: int) -> None:
    """Asked before each message of several parts; a modem that refuses is not asked again."""
    sends = [f"{PROMPT} \n {sent(reference)}" for reference in range(4)]
    holds = [f">> AT+CMMS=1 \n << {answer}" for answer in answers] + [""] * (2 - len(answers))
    async with bench(
        f"{holds[0]} \n {sends[0]} \n {sends[1]} \n {holds[1]} \n {sends[2]} \n {sends[3]}",
        replace(GENERIC, link_hold="+CMMS=1"),
    ) as b:
        for first in (True, False, True, False):
            await b.send(draft(1, first_of_several=first))
        assert b.port.written.count(b"+CMMS") == asked
