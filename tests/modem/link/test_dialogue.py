"""Commands and answers with deadlines: whatever goes wrong, the dialogue ends in a known state."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from modemd.at import Result, Urc
from modemd.errors import CommandFailed, PortGone, ReplyTimeout, Silent
from modemd.modem.link.dialogue import ESCAPE_S, PROBE_TIMEOUT_S, PROBES, QUIET_S, Dialogue
from modemd.profiles import Profile
from tests.modem.scripted_port import ScriptedPort, script, simulated

PDU = "0001000C91447700091032000005C8329BFD06"
SETTLES = """
    >> ^[
    >> AT
    << OK
"""


async def probed(dialogue: Dialogue) -> None:
    """The dialogue is in order: a command goes out, and its own answer is taken for it."""
    assert await dialogue.run_command("+CSQ") == ("+CSQ: 17,99",)


UNHEARD = ">> AT \n" * PROBES
PROBED = """
    >> AT+CSQ
    << +CSQ: 17,99 | OK
"""


@simulated
async def test_a_command_answers_its_lines() -> None:
    """Information lines come back; the result OK is not one of them."""
    with script(">> AT+CGMI \n << huawei | OK") as port:
        assert await Dialogue(port).run_command("+CGMI") == ("huawei",)


@simulated
async def test_any_other_result_is_an_error_that_carries_it() -> None:
    """`command` raises with what was asked and what came back; `ask` hands the result over."""
    with script(">> AT+CMGF=0 \n << +CMS ERROR: 314 \n >> AT+CMGF=0 \n << +CMS ERROR: 314") as port:
        dialogue = Dialogue(port)
        with pytest.raises(CommandFailed, match=r"^AT\+CMGF=0 answered \+CMS ERROR: 314$"):
            await dialogue.run_command("+CMGF=0")
        assert (await dialogue.ask("+CMGF=0")).result == Result("+CMS ERROR: 314", "cms", 314)


@simulated
async def test_a_pdu_goes_to_its_prompt() -> None:
    """The prompt, the PDU with Ctrl-Z, and the answer behind it."""
    with script(f">> AT+CMGS=18 \n <<$ > [2] \n >> {PDU} ^Z \n << +CMGS: 12 | OK [3]") as port:
        dialogue = Dialogue(port)
        assert await dialogue.request_prompt("+CMGS=18", timeout_s=5) is None
        assert (await dialogue.send_pdu(PDU, timeout_s=60)).lines == ("+CMGS: 12",)


@simulated
async def test_a_refused_prompt_leaves_nothing_to_settle() -> None:
    """The refusal comes back as a reply, and the next command goes out as it is."""
    with script(f">> AT+CMGS=18 \n << +CMS ERROR: 304 \n {PROBED}") as port:
        dialogue = Dialogue(port)
        refusal = await dialogue.request_prompt("+CMGS=18", timeout_s=5)
        assert refusal is not None
        assert refusal.result.code == 304
        await probed(dialogue)


@simulated
async def test_notices_inside_replies_survive_in_order() -> None:
    """Before the echo, inside the answer, between `+CMGS` and OK: each waits in the order of arrival, and wakes its reader."""
    with script(
        f"""
        >> AT+CMGS=18
        << ^RSSI:14
        <<$ >
        >> {PDU} ^Z
        << +CMTI: "SM",4 | +CMGS: 13 | +CREG: 1,"1A2B" | OK
        << +CDS: 25 | 0791 | RING   [1]
        """
    ) as port:
        dialogue = Dialogue(port)
        heard: list[int] = []
        dialogue.on_notice = lambda: heard.append(len(dialogue.notices))
        await dialogue.request_prompt("+CMGS=18", timeout_s=5)
        assert (await dialogue.send_pdu(PDU, timeout_s=60)).lines == ("+CMGS: 13",)
        await asyncio.sleep(2)
        assert list(dialogue.notices) == [
            Urc("^RSSI:14"), Urc('+CMTI: "SM",4'), Urc('+CREG: 1,"1A2B"'), Urc("+CDS: 25", "0791"), Urc("RING"),
        ]  # fmt: skip
        assert heard == [1, 2, 3, 4, 5]


@simulated
async def test_after_a_timeout_the_stale_answer_is_not_taken_for_the_next() -> None:
    """ESC CR, a probe, and silence: the late OK passes for the probe's, the probe's own for nothing."""
    with script(f">> AT+CPMS? \n >> ^[ \n >> AT \n << +CPMS: 1,20 | OK [0.1] \n << OK [0.1] \n {PROBED}") as port:
        dialogue = Dialogue(port)
        loop = asyncio.get_running_loop()
        with pytest.raises(ReplyTimeout, match=r"AT\+CPMS\?: no answer in 10 s"):
            await dialogue.run_command("+CPMS?")
        assert loop.time() == 10
        await probed(dialogue)
        assert loop.time() == pytest.approx(10 + ESCAPE_S + 0.2 + QUIET_S), "silence is counted from the last octet"


@simulated
async def test_lines_of_an_answer_that_never_ended_are_notices() -> None:
    """What came before the deadline is not lost: Wavecom ends +CPIN? without OK."""
    with script(">> AT+CPIN? \n << +CPIN: READY") as port:
        dialogue = Dialogue(port)
        with pytest.raises(ReplyTimeout):
            await dialogue.run_command("+CPIN?")
        assert list(dialogue.notices) == [Urc("+CPIN: READY")]


@simulated
async def test_a_late_acceptance_before_the_next_prompt_is_a_notice() -> None:
    """`+CMGS` and OK in front of a prompt answer an older PDU, never the command that asks for the prompt."""
    with script(f"{SETTLES} >> AT+CMGS=24 \n << +CMGS: 14 | OK \n <<$ > [2]") as port:
        dialogue = Dialogue(port)
        dialogue.mark_unsynchronised()
        assert await dialogue.request_prompt("+CMGS=24", timeout_s=5) is None
        assert list(dialogue.notices) == [Urc("+CMGS: 14"), Urc("OK")]


@simulated
async def test_a_probe_is_asked_again() -> None:
    """A modem that answers only the third probe is there; each had its 1.5 s."""
    with script(f">> ^[ \n >> AT \n >> AT \n >> AT \n << OK \n {PROBED}") as port:
        dialogue = Dialogue(port)
        dialogue.mark_unsynchronised()
        await probed(dialogue)
        assert asyncio.get_running_loop().time() == pytest.approx(ESCAPE_S + 2 * PROBE_TIMEOUT_S + QUIET_S)


class ChattyPort:
    """A modem that answers every command with OK, and says something each tenth of a second, for ever."""

    def __init__(self) -> None:
        self.on_data: Callable[[bytes], None] = lambda data: None
        self.on_lost: Callable[[str], None] = lambda reason: None
        self.unwritten = 0
        self._loop = asyncio.get_running_loop()
        self._chat()

    def _chat(self) -> None:
        self.on_data(b"\r\n^RSSI: 17\r\n")
        self._timer = self._loop.call_later(0.1, self._chat)

    def write(self, data: bytes) -> None:
        if data.startswith(b"AT"):
            self._loop.call_later(0.01, lambda: self.on_data(b"\r\nOK\r\n"))

    def close(self) -> None:
        self._timer.cancel()


@simulated
async def test_a_modem_that_is_never_silent_is_used_all_the_same() -> None:
    """An alarm does not wait for the end of a flood of notices."""
    port = ChattyPort()
    dialogue = Dialogue(port)
    dialogue.mark_unsynchronised()
    async with asyncio.timeout(2):
        assert await dialogue.run_command("+CMGF=0") == ()
    port.close()


@simulated
async def test_a_modem_that_answers_no_probe_is_given_up_and_probed_anew() -> None:
    """Probes for 15 s, then an error; the next call begins with ESC again."""
    with script(f">> ^[ \n {UNHEARD} {SETTLES} {PROBED}") as port:
        dialogue = Dialogue(port)
        dialogue.mark_unsynchronised()
        with pytest.raises(Silent, match="no answer to AT in 15 s"):
            await dialogue.synchronise()
        await probed(dialogue)


@simulated
async def test_a_command_at_a_prompt_escapes_first() -> None:
    """At a prompt any command but the PDU would become part of a message."""
    with script(f">> AT+CMGS=18 \n <<$ > \n >> ^[ \n >> AT \n << OK | OK \n {PROBED}") as port:
        dialogue = Dialogue(port)
        await dialogue.request_prompt("+CMGS=18", timeout_s=5)
        await probed(dialogue)


Asking = Callable[[Dialogue], Awaitable[object]]


async def _pdu(dialogue: Dialogue) -> None:
    await dialogue.request_prompt("+CMGS=18", timeout_s=5)
    await dialogue.send_pdu(PDU, timeout_s=60)


async def _unsettled(dialogue: Dialogue) -> None:
    dialogue.mark_unsynchronised()
    await dialogue.synchronise()


@pytest.mark.parametrize(
    ("asking", "until_then"),
    [
        pytest.param(lambda d: d.run_command("+CPMS?"), ">> AT+CPMS?", id="waiting for an answer"),
        pytest.param(lambda d: d.request_prompt("+CMGS=18", timeout_s=5), ">> AT+CMGS=18", id="waiting for a prompt"),
        pytest.param(_pdu, f">> AT+CMGS=18 \n <<$ > \n >> {PDU} ^Z", id="waiting for what became of a PDU"),
        pytest.param(_unsettled, ">> ^[ \n >> AT", id="waiting for a probe"),
        pytest.param(_unsettled, ">> ^[ \n >> AT \n << OK [0.85]", id="waiting for silence"),
    ],
)
@simulated
async def test_a_cancelled_call_leaves_a_known_state(asking: Asking, until_then: str) -> None:
    """Wherever it is cut, the next command is preceded by ESC, a probe and silence, and gets its own answer."""
    with script(f"{until_then} \n {SETTLES} {PROBED}") as port:
        dialogue = Dialogue(port)
        cut = asyncio.ensure_future(asking(dialogue))
        await asyncio.sleep(1)
        assert cut.cancel()
        with pytest.raises(asyncio.CancelledError):
            await cut
        await probed(dialogue)


@simulated
async def test_a_call_cancelled_before_it_wrote_anything_leaves_nothing_behind() -> None:
    """In the guard time nothing has gone out yet: the next command needs no ESC."""
    with script(f"{PROBED} {PROBED}") as port:
        dialogue = Dialogue(port)
        dialogue.apply_profile(Profile("careful", command_timeout_s=10, guard_s=0.5))
        await probed(dialogue)
        cut = asyncio.ensure_future(dialogue.run_command("+CGMI"))
        await asyncio.sleep(0.1)
        cut.cancel()
        await probed(dialogue)


@pytest.mark.parametrize(
    "asking",
    [
        pytest.param(lambda d: d.run_command("+CPMS?"), id="a command"),
        pytest.param(lambda d: d.request_prompt("+CPMS?", timeout_s=5), id="a prompt"),
    ],
)
@simulated
async def test_a_port_lost_during_a_command_ends_it_at_once(asking: Asking) -> None:
    """PortGone with the port's reason, not a timeout; and nothing more can be asked."""
    with script(">> AT+CPMS? \n !! unplugged [0.5]") as port:
        dialogue = Dialogue(port)
        with pytest.raises(PortGone, match=r"^unplugged$"):
            await asking(dialogue)
        assert asyncio.get_running_loop().time() == 0.5
        assert dialogue.loss_reason == "unplugged"
        with pytest.raises(PortGone, match=r"^unplugged$"):
            await dialogue.run_command("+CSQ")


@simulated
async def test_a_port_lost_between_commands_wakes_and_is_told() -> None:
    """Whoever waits for notices is woken; a pause ends with the error."""
    with script("!! unplugged [1]") as port:
        dialogue = Dialogue(port)
        woken: list[str | None] = []
        dialogue.on_notice = lambda: woken.append(dialogue.loss_reason)
        with pytest.raises(PortGone):
            await dialogue.pause(2)
        assert woken == ["unplugged"]


@simulated
async def test_a_port_that_takes_no_bytes_is_gone() -> None:
    """A command that is still in our buffer at its deadline was never asked: the port is to be reopened."""
    with script(">> AT+CPMS?") as port:
        dialogue = Dialogue(port)
        port.unwritten = 9
        with pytest.raises(PortGone, match=r"takes no more bytes \(9 wait\)"):
            await dialogue.run_command("+CPMS?")


class Stopwatch(ScriptedPort):
    """Notes when each write came."""

    def write(self, data: bytes) -> None:
        self.times = [*getattr(self, "times", []), asyncio.get_running_loop().time()]
        super().write(data)


@simulated
async def test_the_guard_time_is_kept_after_an_answer() -> None:
    """A family that loses a command sent too soon gets its pause, counted from the last octet heard."""
    port = Stopwatch(f">> AT+CMGF=0 \n << OK [1] \n {PROBED}")
    dialogue = Dialogue(port)
    dialogue.apply_profile(Profile("careful", command_timeout_s=10, guard_s=0.5))
    await dialogue.run_command("+CMGF=0")
    await probed(dialogue)
    first, second = port.times
    assert second == pytest.approx(first + 1 + 0.5)


@simulated
async def test_a_pdu_goes_out_before_anything_else_can_happen() -> None:
    """No guard time and no other await lies between the decision to send and the first octet."""
    with script(f">> AT+CMGS=18 \n <<$ > \n >> {PDU} ^Z \n << +CMGS: 1 | OK") as port:
        dialogue = Dialogue(port)
        dialogue.apply_profile(Profile("careful", command_timeout_s=10, guard_s=0.5))
        await dialogue.request_prompt("+CMGS=18", timeout_s=5)
        sending = asyncio.ensure_future(dialogue.send_pdu(PDU, timeout_s=60))
        await asyncio.sleep(0)
        assert port.written.endswith(PDU.encode() + b"\x1a")
        await sending


@simulated
async def test_a_profile_is_adopted() -> None:
    """Its notices are told apart, and its deadline holds, from then on."""
    with script(">> AT+CGMM \n << POWER ALARM 3 | E1752 | OK \n >> AT+CGMM") as port:
        dialogue = Dialogue(port)
        dialogue.apply_profile(Profile("odd", ignore=("POWER ALARM",), command_timeout_s=25))
        assert await dialogue.run_command("+CGMM") == ("E1752",)
        assert list(dialogue.notices) == [Urc("POWER ALARM 3")]
        with pytest.raises(ReplyTimeout, match="25 s"):
            await dialogue.run_command("+CGMM")
