"""The pytest plugin: fixtures that any project's tests can use, and no cost where they are not used."""

from __future__ import annotations

import subprocess
import sys

import pytest

# Our own runs do without the plugin; those below load it by its module's name, installed or not, and nothing for asyncio.
LOADED = ("-p", "no:modemd", "-p", "modemd.emulator.plugin", "-p", "no:cacheprovider", "-p", "no:asyncio")
MOST_IMPORT_S = 0.05

SENDS = """
    import serial

    def test_answers(modem):
        with serial.Serial(modem.port, timeout=2) as port:
            port.write(b"ATE0\\r")
            assert port.read_until(b"OK\\r\\n").endswith(b"OK\\r\\n")

    def test_alone(network, phone):
        assert (network.modems, network.journal, phone.inbox) == ([], [], [])

    def test_makes(make_modem, network):
        slow, sim800 = make_modem(number="+33700000099", send_latency=1), make_modem(family="sim800")
        assert (slow.number, sim800.family, network.modems) == ("+33700000099", "sim800", [slow, sim800])
"""


def run(pytester: pytest.Pytester, *arguments: str) -> pytest.RunResult:
    return pytester.runpytest_subprocess("-W", "error", *LOADED, *arguments)


def test_the_fixtures_are_for_any_serial_software(pytester: pytest.Pytester) -> None:
    """Each test has a network of its own, and modems at a path that pyserial opens."""
    pytester.makepyfile(SENDS)
    run(pytester).assert_outcomes(passed=3)


@pytest.mark.system
def test_it_works_in_parallel(pytester: pytest.Pytester) -> None:
    """Under xdist no test meets another's modem: their names and numbers may be the same."""
    pytester.makepyfile(*[SENDS], **{f"test_{name}": SENDS for name in "ab"})
    run(pytester, "-n", "2").assert_outcomes(passed=9)


@pytest.mark.system
def test_nothing_is_left_after_a_test(pytester: pytest.Pytester) -> None:
    """The next test finds no thread, no descriptor and no link of the one before, passed or failed."""
    pytester.makepyfile(
        """
        import os
        import threading

        import pytest

        def state():
            return threading.active_count(), len(os.listdir("/proc/self/fd"))

        before = []
        ports = []

        def test_before():
            before.append(state())

        @pytest.mark.parametrize("fails", [False, True])
        def test_between(modem, fails):
            ports.append(modem.port)
            assert os.path.lexists(modem.port)
            assert state() != before[0]
            assert not fails

        def test_after():
            assert state() == before[0]
            assert not [port for port in ports if os.path.lexists(port)]
        """
    )
    run(pytester).assert_outcomes(passed=3, failed=1)


@pytest.mark.system
def test_a_failure_tells_what_was_said(pytester: pytest.Pytester) -> None:
    """A failed test shows what the phone got instead, and the dialogue on each port."""
    pytester.makepyfile(
        """
        import serial

        def test_fails(modem, phone, network):
            with serial.Serial(modem.port, timeout=2) as port:
                port.write(b"AT+CSQ\\r")
                port.read_until(b"OK\\r\\n")
            network.phone("+447700900123").send(phone.number, "Hello")
            phone.wait_for("code", timeout=0.2)
        """
    )
    result = run(pytester)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "*NotReceived: +33612345678: waited 0.2 s for 'code'; it has received 1:",
            "*from +447700900123: 'Hello'",
            "*AT dialogue of <modem0: generic +33700000001 at */modem0>*",
            "> AT+CSQ",
            "< OK",
        ]
    )
    assert "def wait_for" not in result.stdout.str()  # the traceback ends in the test


@pytest.mark.system
def test_a_project_may_say_which_modem_it_wants(pytester: pytest.Pytester) -> None:
    """A fixture of the same name in conftest.py stands above the plugin's."""
    pytester.makeconftest(
        """
        import pytest

        @pytest.fixture
        def modem(make_modem):
            return make_modem(family="huawei_e3372")
        """
    )
    pytester.makepyfile("def test_family(modem): assert modem.family == 'huawei_e3372'")
    run(pytester).assert_outcomes(passed=1)


@pytest.mark.system
def test_an_error_inside_fails_the_test(pytester: pytest.Pytester) -> None:
    """What a phone's reaction raises is not lost on the emulator's thread."""
    pytester.makepyfile(
        """
        def test_reacts(network, phone):
            phone.on_received(lambda received: 1 / 0)
            network.phone("+447700900123").send(phone.number, "Hello")
            phone.wait_for("Hello")
        """
    )
    result = run(pytester)
    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(["*ZeroDivisionError*"])


def test_loading_it_takes_no_time() -> None:
    """Beside pytest, its import costs well under 50 ms of CPU time, and brings in nothing but itself."""
    ask = (
        "import pytest, sys, time; before = set(sys.modules); started = time.process_time(); "
        "import modemd.emulator.plugin; took = time.process_time() - started; "
        "print(took, *sorted(set(sys.modules) - before))"
    )
    runs = [subprocess.run([sys.executable, "-c", ask], capture_output=True, text=True, check=True) for _ in range(3)]
    took, *modules = min((done.stdout.split() for done in runs), key=lambda words: float(words[0]))
    assert float(took) < MOST_IMPORT_S / 5
    assert [name for name in modules if name.startswith("modemd")] == [
        "modemd",
        "modemd.emulator",
        "modemd.emulator.plugin",
    ]


def test_the_package_loads_its_names_when_asked() -> None:
    """Every public name is there, and a wrong one is an AttributeError as ever."""
    import modemd.emulator

    assert [name for name in modemd.emulator.__all__ if getattr(modemd.emulator, name, None) is None] == []
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        modemd.emulator.nothing  # noqa: B018 - asked for, and not there
