"""`+CNMA` in its forms (3GPP TS 27.005 3.4.4)."""

from __future__ import annotations

import pytest

from tests.emulator.bench import ALICE, Bench

REPORT = "000000"
"""A DELIVER-REPORT as small as one can be: TP-MTI 00, no TP-PI, nothing more."""


@pytest.fixture
def awaited(bench: Bench) -> Bench:
    """A bench with a routed message that waits to be acknowledged."""
    return _awaited(bench)


def _awaited(bench: Bench) -> Bench:
    bench.host.ask("AT+CSMS=1")
    bench.host.ask("AT+CNMI=2,2,0,0,0")
    bench.network.phone(ALICE).send(bench.sim.number, "hi")
    assert bench.host.hear(5.0).startswith(b"\r\n+CMT: ")
    return bench


@pytest.mark.parametrize(
    ("command", "left"),
    [
        pytest.param("AT+CNMA", 0, id="plain"),
        pytest.param("AT+CNMA=0", 0, id="as in phase 2"),
        pytest.param("AT+CNMA=1", 0, id="RP-ACK"),
        pytest.param("AT+CNMA=2", 1, id="RP-ERROR"),
    ],
)
def test_acknowledging_without_a_pdu(awaited: Bench, command: str, left: int) -> None:
    """An RP-ACK takes the message, an RP-ERROR leaves it with the network; a second word about it is 340."""
    assert awaited.host.ask(command).startswith("OK")
    assert awaited.network.waiting(awaited.sim.number) == left
    if not left:
        assert awaited.host.ask(command) == "+CMS ERROR: 340"


@pytest.mark.parametrize(("kind", "left"), [(1, 0), (2, 1)])
def test_acknowledging_with_a_pdu(awaited: Bench, kind: int, left: int) -> None:
    """A length brings the prompt for a DELIVER-REPORT, which goes without an SMSC field."""
    assert awaited.host.say(b"AT+CNMA=%d,3\r" % kind, 1.0) == b"\r\n> "
    assert awaited.host.say(REPORT.encode() + b"\x1a").startswith(b"\r\nOK\r\n")
    assert awaited.network.waiting(awaited.sim.number) == left


@pytest.mark.parametrize(
    "typed",
    [
        pytest.param("0000", id="too short"),
        pytest.param("010000", id="a SUBMIT"),
        pytest.param("xyz", id="no hex"),
        pytest.param("", id="nothing"),
    ],
)
def test_a_report_that_is_none(awaited: Bench, typed: str) -> None:
    """What is not a DELIVER-REPORT of that length is refused, and the message still waits for a word."""
    awaited.host.say(b"AT+CNMA=1,3\r", 1.0)
    assert awaited.host.say(typed.encode() + b"\x1a") == b"\r\n+CMS ERROR: 304\r\n"
    assert awaited.host.ask("AT+CNMA") == "OK"


@pytest.mark.parametrize("command", ["AT+CNMA=3", "AT+CNMA=0,3", "AT+CNMA=1,3,5"])
def test_a_form_that_is_none(awaited: Bench, command: str) -> None:
    """Another n, a PDU with n 0, a third value: +CMS ERROR: 303."""
    assert awaited.host.ask(command) == "+CMS ERROR: 303"
    assert awaited.host.ask("AT+CNMA") == "OK"


def test_with_nothing_to_acknowledge_there_is_no_prompt(bench: Bench) -> None:
    """A PDU form is 340 at once where nothing waits."""
    assert bench.host.ask("AT+CNMA=1,3", 1.0) == "+CMS ERROR: 340"


def test_text_mode_has_the_plain_form_only(awaited: Bench) -> None:
    """27.005 3.4.4 gives n to PDU mode alone."""
    awaited.host.ask("AT+CMGF=1")
    assert awaited.host.ask("AT+CNMA=1") == "+CMS ERROR: 303"
    assert awaited.host.ask("AT+CNMA") == "OK"


def test_a_family_whose_pdu_form_is_broken() -> None:
    """A Huawei takes n, and no PDU with it."""
    bench = Bench("huawei_e3372")
    bench.host.set_up()
    _awaited(bench)
    assert bench.host.ask("AT+CNMA=1,3", 1.0) == "+CMS ERROR: 303"
    assert bench.host.ask("AT+CNMA=1") == "OK"
