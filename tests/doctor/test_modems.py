"""What the doctor says of a modem that it asks itself: no daemon runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from modemd.doctor import Code, Severity
from modemd.emulator.device.family import families
from tests.doctor.bench import NUMBER, TEXT, Bench, codes, found
from tests.doctor.conftest import Doctor

ONE_IS_FINE = [
    *(Code.MODEM_ANSWERS, Code.REGISTERED, Code.SIGNAL_FINE, Code.SMSC_FINE, Code.STORAGE_FINE),
]


def _is_fine(family: str) -> list[Code]:
    """What is well with a healthy modem; nothing is said of a storage that is not there, or that it does not tell of."""
    tells_storage = families[family].storage.memories and "+CPMS?" not in families[family].refusals
    return [code for code in ONE_IS_FINE if tells_storage or code is not Code.STORAGE_FINE]


def _lacks(family: str) -> list[Code]:
    """What a person should know of a modem of this family: it has no IMEI, or nothing can be set so that messages come."""
    lacks_imei = "+CGSN" in families[family].replies
    lacks_notices = not families[family].storage.memories and "+CNMI" in families[family].commands.unsupported
    return [Code.MODEM_LACKS] if lacks_imei or lacks_notices else []


@pytest.mark.parametrize("family", sorted(families))
def test_a_healthy_modem(doctor: Doctor, family: str) -> None:
    """It answers, is in the network, has a service centre and room: only the daemon is missing. Nothing was sent or set
    that a daemon would miss, and the port is free again."""

    async def visit(bench: Bench) -> None:
        report = await bench.examine()
        assert [code for code in codes(report) if code in ONE_IS_FINE] == _is_fine(family)
        assert report.modem_ready
        assert not report.can_send
        assert report.message == "no message can pass: no daemon runs; a modem is ready, so start the daemon"
        assert sorted(finding.code for finding in report.findings if finding.severity is not Severity.FINE) == sorted(
            [Code.DAEMON_NOT_RUNNING, Code.SIM_POLICY, Code.SIM_POLICY, *_lacks(family)]
        )
        assert len(bench.network.journal) == 0
        bench.link.open().close()

    doctor(visit, family=family)


def test_no_sim(doctor: Doctor) -> None:
    """The advice is to put one in."""

    async def visit(bench: Bench) -> None:
        bench.device.remove_sim()
        report = await bench.examine()
        assert not report.modem_ready
        assert found(report, Code.SIM_ABSENT).remedy == "insert a SIM, and check that it is the right way round"

    doctor(visit)


def test_a_sim_that_asks_for_its_pin(doctor: Doctor) -> None:
    """The advice says where the PIN belongs; no try is spent."""

    async def visit(bench: Bench) -> None:
        bench.device.ask_pin()
        report = await bench.examine()
        assert not report.modem_ready
        assert "pin_file" in found(report, Code.SIM_PIN).remedy
        assert bench.sim.pin_tries == 3

    doctor(visit)


@pytest.mark.parametrize(
    ("holds", "mode", "code", "words"),
    [
        pytest.param("1234\n", 0o600, Code.SIM_PIN_WAITS, "start the daemon", id="a good one"),
        pytest.param("9999\n", 0o600, Code.SIM_PIN_WAITS, "start the daemon", id="a wrong one"),
        pytest.param("none\n", 0o600, Code.SIM_PIN, "pin_file", id="no PIN in it"),
        pytest.param("1234\n", 0o604, Code.SIM_PIN, "pin_file", id="everybody reads it"),
    ],
)
def test_a_pin_in_a_file_is_not_given(
    doctor: Doctor, tmp_path: Path, holds: str, mode: int, code: Code, words: str
) -> None:
    """A wrong one would cost a try, so it is the daemon's to give; a file that is no good is told."""
    file = tmp_path / "pin"
    file.write_text(holds)
    file.chmod(mode)

    async def visit(bench: Bench) -> None:
        bench.device.ask_pin()
        report = await bench.examine()
        assert words in found(report, code).remedy
        assert str(file) in found(report, code).what
        assert not report.modem_ready
        assert bench.sim.pin_tries == 3

    doctor(visit, modems=[{"name": "west", "port": str(tmp_path / "modem0"), "pin_file": str(file)}])


def test_a_sim_that_asks_for_its_puk(doctor: Doctor) -> None:
    """The advice is a phone and the operator's papers; the PUK's tries are not touched."""

    async def visit(bench: Bench) -> None:
        bench.device.ask_pin(tries=0)
        report = await bench.examine()
        assert "PUK of the operator's papers" in found(report, Code.SIM_PUK).remedy
        assert not report.modem_ready
        assert (bench.sim.pin_tries, bench.sim.puk_tries) == (0, 10)

    doctor(visit)


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        pytest.param("+CME ERROR: 13", Code.SIM_FAILURE, id="SIM failure"),
        pytest.param("+CME ERROR: 15", Code.SIM_OTHER, id="SIM wrong"),
    ],
)
def test_a_sim_that_the_modem_refuses(doctor: Doctor, answer: str, code: Code) -> None:
    """The modem's word for it leads to the advice."""

    async def visit(bench: Bench) -> None:
        for _ in range(20):
            bench.device.script_next("+CPIN?", answer)
        report = await bench.examine()
        assert found(report, code).remedy
        assert not report.modem_ready

    doctor(visit)


@pytest.mark.parametrize(
    ("state", "code", "words"),
    [
        pytest.param(2, Code.NOT_REGISTERED, "antenna", id="it searches"),
        pytest.param(0, Code.NOT_REGISTERED, "antenna", id="it does not even search"),
        pytest.param(3, Code.REGISTRATION_DENIED, "ask the operator", id="the network refuses it"),
    ],
)
def test_no_registration(doctor: Doctor, state: int, code: Code, words: str) -> None:
    """Not in the network, or refused by it: no message can pass, and the advice tells the two apart."""

    async def visit(bench: Bench) -> None:
        bench.device.set_coverage(state)
        report = await bench.examine()
        assert words in found(report, code).remedy
        assert not report.modem_ready

    doctor(visit)


def test_a_modem_that_is_just_registering_is_waited_for(doctor: Doctor) -> None:
    """A stick that was plugged in a moment ago is not called sick."""

    async def visit(bench: Bench) -> None:
        bench.device.set_coverage(2)
        bench.timers.after(12, lambda: bench.device.set_coverage(1))
        assert (await bench.examine()).modem_ready

    doctor(visit)


def test_roaming_is_reported(doctor: Doctor) -> None:
    """It can send, and costs more."""

    async def visit(bench: Bench) -> None:
        bench.device.set_coverage(5)
        report = await bench.examine()
        assert "marketing_while_roaming" in found(report, Code.ROAMING).remedy
        assert report.modem_ready

    doctor(visit)


def test_a_weak_signal_is_reported(doctor: Doctor) -> None:
    """It can send, and may soon not."""

    async def visit(bench: Bench) -> None:
        bench.device.signal = 3
        report = await bench.examine()
        assert found(report, Code.SIGNAL_WEAK).what.startswith("weak signal: ")
        assert report.modem_ready

    doctor(visit)


def test_no_service_centre(doctor: Doctor) -> None:
    """Nothing leaves without one; the advice names the key with the SIM's own ICCID."""

    async def visit(bench: Bench) -> None:
        bench.sim.smsc = ""
        report = await bench.examine()
        assert f"sims.{bench.sim.iccid}.smsc" in found(report, Code.SMSC_MISSING).remedy
        assert not report.modem_ready

    doctor(visit)


def test_a_full_storage(doctor: Doctor) -> None:
    """It sends, and receives nothing."""

    async def visit(bench: Bench) -> None:
        for memory in ("SM", "ME", "MT"):
            bench.device.fill_memory(memory)
        report = await bench.examine()
        assert "delete them in a phone" in found(report, Code.STORAGE_FULL).remedy
        assert report.modem_ready

    doctor(visit, family="generic")


def test_what_a_modem_lacks(doctor: Doctor) -> None:
    """It has no IMEI and no storage, and refuses notices: it can send, and what to expect of it is said."""

    async def visit(bench: Bench) -> None:
        for command in ("+CGSN", "+CPMS", "+CNMI"):
            for _ in range(40):
                bench.device.script_next(command, "ERROR")
        report = await bench.examine()
        lacks = [finding.what for finding in report.findings if finding.code is Code.MODEM_LACKS]
        assert lacks[0] == "the modem tells no IMEI: it is known by its port, as west"
        assert "it can send, but do not count on receiving by it" in lacks[1]
        assert Code.STORAGE_FINE not in codes(report)
        assert report.modem_ready

    doctor(visit)


def test_the_doctor_refuses_what_the_daemon_would(doctor: Doctor) -> None:
    """It rehearses the daemon's own set-up: a modem without PDU mode is no use, and what the set-up can do without is."""

    async def visit(bench: Bench) -> None:
        for command in ("E0", "V1", "+CMEE=1"):
            bench.device.script_next(command, "ERROR")
        report = await bench.examine()
        assert report.modem_ready
        for _ in range(2):
            bench.device.script_next("+CMGF", "ERROR")
        report = await bench.examine()
        assert "AT+CMGF=0 answered ERROR; modemd sends in PDU mode only" in found(report, Code.MODEM_REFUSES).what
        assert not report.modem_ready

    doctor(visit)


@pytest.mark.parametrize(
    ("answer", "code", "words"),
    [
        ("+CME ERROR:14", Code.MODEM_REFUSES, "SIM busy for a minute"),
        ("+CME ERROR:10", Code.SIM_ABSENT, "finds no SIM"),
        ("+CME ERROR: SIM wrong", Code.SIM_OTHER, "does not take this SIM"),
    ],
)
def test_errors_of_the_sim_count_however_they_are_written(doctor: Doctor, answer: str, code: Code, words: str) -> None:
    """RDA chips leave the blank out, other firmware says it in words (gammu #394, TinyGSM #247)."""

    async def visit(bench: Bench) -> None:
        for _ in range(60):
            bench.device.script_next("+CPIN?", answer)
        report = await bench.examine()
        assert words in found(report, code).what
        assert not report.modem_ready

    doctor(visit)


def test_a_silent_modem(doctor: Doctor) -> None:
    """Nothing answers AT: it boots, hangs, or is another port."""

    async def visit(bench: Bench) -> None:
        bench.device.deaf_for(600)
        report = await bench.examine()
        assert "wait half a minute" in found(report, Code.MODEM_SILENT).remedy
        assert not report.modem_ready

    doctor(visit)


def test_a_modem_that_refuses(doctor: Doctor) -> None:
    """It answers AT and tells neither its number nor that of its SIM."""

    async def visit(bench: Bench) -> None:
        for _ in range(40):
            bench.device.script_next("+CPIN?", "+CME ERROR: 100")
        report = await bench.examine()
        assert "+CPIN?" in found(report, Code.MODEM_REFUSES).what
        assert not report.modem_ready

    doctor(visit)


def test_a_message_to_itself(doctor: Doctor) -> None:
    """It is sent, comes back, and is gone from the modem's storage again: the next daemon takes it for nobody's message."""

    async def visit(bench: Bench) -> None:
        report = await bench.examine(send=True)
        assert NUMBER in found(report, Code.SELF_SENT).what
        assert found(report, Code.SELF_ARRIVED)
        assert [(entry.recipient, entry.text) for entry in bench.network.journal] == [(NUMBER, TEXT)]
        assert bench.device.memory("SM").used == 0
        assert report.modem_ready

    doctor(visit, sims={"8933010000000000017": {"number": NUMBER}})


def test_a_message_to_itself_that_is_refused(doctor: Doctor) -> None:
    """Then no message can pass, whatever the modem says of itself."""

    async def visit(bench: Bench) -> None:
        bench.network.reject(NUMBER, 38)
        report = await bench.examine(send=True)
        assert "+CMS ERROR: 38" in found(report, Code.SELF_NOT_SENT).what
        assert not report.modem_ready

    doctor(visit)


def test_a_message_to_itself_that_does_not_come_back(doctor: Doctor) -> None:
    """It was sent, which is what was asked; that it is not back is told."""

    async def visit(bench: Bench) -> None:
        bench.network.delivery_latency_s = 3600
        report = await bench.examine(send=True)
        assert found(report, Code.SELF_SENT)
        assert "modemd inbox" in found(report, Code.SELF_NOT_ARRIVED).remedy
        assert report.modem_ready

    doctor(visit)


def test_a_sim_that_does_not_know_its_number(doctor: Doctor) -> None:
    """Nothing is sent, and the key is named."""

    async def visit(bench: Bench) -> None:
        for _ in range(4):
            bench.device.script_next("+CNUM", "OK")
        report = await bench.examine(send=True)
        assert f"sims.{bench.sim.iccid}.number" in found(report, Code.SELF_NO_NUMBER).remedy
        assert len(bench.network.journal) == 0

    doctor(visit)
