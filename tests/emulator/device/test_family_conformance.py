"""Every family, by being in the folder, does what a modem must do, in its own way."""

from __future__ import annotations

import re

import pytest

from modemd.emulator import Family, families
from modemd.emulator.device.settings import Settings
from modemd.pdu import Deliver, StatusReport, unframe
from tests.emulator.bench import ALICE, HELLO, HELLO_WORLD, Bench

every_family = pytest.mark.parametrize("name", list(families))
reporting = pytest.mark.parametrize(
    ("name", "ds"), [(name, ds) for name in families for ds in families[name].notify.ds if ds]
)


storing = pytest.mark.parametrize("name", [name for name in families if families[name].storage.memories])
storeless = pytest.mark.parametrize("name", [name for name in families if not families[name].storage.memories])


def _knows(family: Family, command: str) -> bool:
    return command not in family.commands.unsupported


def _notify(family: Family, ds: int = 0) -> str:
    """Messages are told of at once, or handed over where none are stored, and reports as `ds` has it; empty for a family that
    cannot be set."""
    notify = family.notify
    mode, mt = 2 if 2 in notify.mode else notify.mode[0], 1 if family.storage.memories else 2
    values = [mode, mt, 0, ds, *notify.bfr[:1]]
    return ",".join(map(str, values)) if _knows(family, "+CNMI") else ""


def _ready(name: str, ds: int = 0) -> Bench:
    bench = Bench(name)
    bench.host.ask("ATE0+CMEE=1")
    bench.host.ask("AT+CSMS=1")  # for those that route nothing without it
    bench.host.set_up(_notify(families[name], ds))
    return bench


def _tpdu(line: str) -> bytes:
    return unframe(bytes.fromhex(line))[1]


def _boot_lines(family: Family, sim: str) -> list[str]:
    return [line.say for line in family.boot.lines if line.sim in ("", sim) and not line.needs]


def _lines(heard: str) -> list[str]:
    return [line for line in re.split(r"[\r\n]+", heard) if line]


def _said_of_itself(family: Family, heard: str) -> list[str]:
    """Lines without the notices of registration that some families give from the start."""
    return [line for line in _lines(heard) if not (family.dialogue.creg_levels[0] and line.startswith("+CREG: "))]


def _answer(family: Family, command: str) -> bytes:
    """The octets in which a family that was just started answers OK."""
    echo = f"{command}\r" if family.dialogue.echo else ""
    return f"{echo}{family.dialogue.lead}OK{family.dialogue.line_end}".encode()


def _restart(bench: Bench) -> str:
    """What is heard from the restart until all is up."""
    bench.device.restart()
    boot = bench.device.family.boot
    if bench.device.family.dialogue.usb:
        bench.timers.run(boot.gone_s)
        bench.host.open()
    return bench.host.hear(max(boot.sim_ready_s, boot.registered_s) + 0.5).decode()


@every_family
def test_says_who_it_is(name: str) -> None:
    """Manufacturer and model are the file's, the IMEI begins with its type allocation."""
    bench = _ready(name)
    identity = families[name].identity
    for command, told in (("+CGMI", identity.manufacturer), ("+CGMM", identity.model)):
        if _knows(families[name], command):
            assert bench.host.say(f"AT{command}\r".encode()).decode().strip("\r\n").split("\r\n")[0] == told
    assert bench.host.ask("AT+CGSN").startswith(identity.type_allocation)


@every_family
def test_an_unknown_command_gets_the_familys_word(name: str) -> None:
    """What it does not know is answered in its own words, and what it lacks of the shared commands too."""
    bench = _ready(name)
    for command in ("+NONSENSE", *families[name].commands.unsupported):
        assert bench.host.ask(f"AT{command}") == families[name].dialogue.unknown


@every_family
def test_what_it_leaves_unanswered_does_not_hang_it(name: str) -> None:
    """A command it never answers leaves it free for the next."""
    bench = _ready(name)
    for command in families[name].commands.unanswered:
        assert bench.host.ask(f"AT{command}", 60.0) == ""
    assert bench.host.ask("AT") == "OK"


@every_family
def test_its_own_commands_are_answered(name: str) -> None:
    """Each reply of its file comes with OK and filled in, each refusal as it stands."""
    bench = _ready(name)
    family = families[name]
    for typed in family.replies:
        answer = bench.host.ask(f"AT{typed}")
        assert answer.endswith("OK"), typed
        assert "{" not in answer, typed
    for typed, refusal in family.refusals.items():
        assert bench.host.ask(f"AT{typed}") == refusal


@reporting
def test_sends_and_tells_of_the_report(name: str, ds: int) -> None:
    """A message arrives, its reference is said, and its report comes by the notice that the file has."""
    bench = _ready(name, ds)
    heard = bench.host.send(HELLO_WORLD)
    reference, notify = bench.references[0], families[name].notify
    assert heard.startswith(f"+CMGS: {reference}")
    assert bench.inbox() == ["Hello world"]
    lines = _lines(heard)
    told = lines[lines.index("OK") + 1 :]
    if ds == 1:
        assert told[0] == notify.report_header.format(length=len(_tpdu(told[1])))
        assert StatusReport.decode(_tpdu(told[1])).reference == reference
    else:
        index = families[name].storage.index_base
        assert told == [notify.report_notice.format(memory=notify.report_memory, index=index)]
        assert bench.device.memory(notify.report_memory).used == 1


@storing
def test_receives_and_tells_of_the_message(name: str) -> None:
    """A message is stored, told of, read, and deleted under one number."""
    bench = _ready(name)
    bench.network.phone(ALICE).send(bench.sim.number, "hi")
    first = families[name].storage.index_base
    assert bench.host.hear(5.0).decode().strip() == f'+CMTI: "SM",{first}'
    header, line, *rest = _lines(bench.host.ask(f"AT+CMGR={first}"))
    shown = families[name].storage.shown.format(index=first, status=0, length=len(_tpdu(line)))
    assert (header, rest) == (f"+CMGR: {shown}", ["OK"])
    assert Deliver.decode(_tpdu(line)).text == "hi"
    assert bench.host.ask(f"AT+CMGD={first}") == "OK"
    assert bench.sim.memory.used == 0


@storeless
def test_hands_messages_over_or_leaves_them_with_the_network(name: str) -> None:
    """What cannot be stored comes with its notice, and stays with the network if it is not acknowledged where that is awaited;
    a family that hands nothing over has nothing."""
    family, bench = families[name], _ready(name)
    bench.network.phone(ALICE).send(bench.sim.number, "hi")
    heard = _lines(bench.host.hear(5.0).decode())
    if bench.device.settings.notifications.mt != 2:
        assert (heard, bench.network.waiting(bench.sim.number)) == ([], 1)
        return
    header, line = heard
    assert header == family.notify.message_header.format(number=ALICE, length=len(_tpdu(line)))
    assert Deliver.decode(_tpdu(line)).text == "hi"
    assert bench.network.waiting(bench.sim.number) == int(family.notify.awaits_acknowledgement)
    assert bench.host.ask("AT+CNMA") == "OK"
    bench.timers.run()
    assert bench.network.waiting(bench.sim.number) == 0


@pytest.mark.parametrize("name", [name for name in families if families[name].notify.awaits_acknowledgement])
def test_what_is_not_acknowledged_comes_again(name: str) -> None:
    """Without +CNMA in time the modem hands nothing more over; once it is set up again, the message comes again."""
    bench = _ready(name)
    bench.network.phone(ALICE).send(bench.sim.number, "hi")
    first = bench.host.hear(5.0)
    bench.timers.run(families[name].notify.acknowledge_within_s)
    assert bench.network.waiting(bench.sim.number) == 1
    assert bench.host.hear(600.0) == b""
    bench.host.set_up(_notify(families[name]))
    assert bench.host.hear(5.0) == first


@every_family
def test_refuses_what_it_does_not_take(name: str) -> None:
    """A `+CNMI` with a value that its file does not have changes nothing."""
    bench = _ready(name)
    notify = families[name].notify
    before = bench.device.settings.notifications
    refused = notify.refused if _knows(families[name], "+CNMI") else families[name].dialogue.unknown
    for ds in {0, 1, 2, 3} - set(notify.ds):
        assert bench.host.ask(f"AT+CNMI={_notify(families[name], ds)}") == refused
    assert bench.device.settings.notifications is before


@every_family
def test_a_restart_brings_the_defaults_back(name: str) -> None:
    """Echo and notices are as after power-on, but for what the family keeps by itself; then it sends again."""
    bench = _ready(name, max(families[name].notify.ds))
    _restart(bench)
    fresh = Settings.fresh(families[name]).notifications
    assert bench.host.say(b"AT\r") == _answer(families[name], "AT")
    bench.host.ask("ATE0")
    kept = "+CNMI" in families[name].dialogue.keeps
    now = bench.device.settings.notifications
    assert (now == fresh) is not kept
    assert bench.device.settings.registration_notices["+CREG"] == families[name].dialogue.creg_levels[0]
    bench.host.set_up(_notify(families[name]))
    assert bench.host.send(HELLO).startswith("+CMGS: ")


@every_family
def test_a_boot_shows_its_lines(name: str) -> None:
    """After a restart the lines of a SIM that can be used come, in their order, and none that needs a switch."""
    bench = _ready(name)
    assert _said_of_itself(families[name], _restart(bench)) == _boot_lines(families[name], "ready")
    assert bench.host.lost == int(families[name].dialogue.usb)


@every_family
def test_a_boot_without_a_sim_shows_that(name: str) -> None:
    """After a restart without a SIM no line speaks of one that can be used."""
    bench = _ready(name)
    bench.device.remove_sim()
    bench.host.hear()
    assert _said_of_itself(families[name], _restart(bench)) == _boot_lines(families[name], "absent")


@every_family
def test_a_locked_sim_is_opened(name: str) -> None:
    """A boot with a PIN to be given shows no line of a SIM that is open; what follows the PIN comes after it."""
    bench = Bench(name, pin="1234")
    family = families[name]
    assert _said_of_itself(family, _restart(bench)) == _boot_lines(family, "locked")
    bench.host.ask("ATE0")
    assert _said_of_itself(family, bench.host.ask('AT+CPIN="1234"')) == ["OK"]
    assert _said_of_itself(family, bench.host.hear(30.0).decode()) == [line.say for line in family.pin.ready]
    bench.host.set_up(_notify(family))
    assert bench.host.send(HELLO).startswith("+CMGS: ")


@pytest.mark.parametrize(
    ("name", "command"), [(name, command) for name in families for command in families[name].commands.restarts]
)
def test_its_own_restart(name: str, command: str) -> None:
    """It says OK, then restarts: echo is on again."""
    bench = _ready(name)
    assert bench.host.ask(f"AT{command}") == "OK"
    boot = families[name].boot
    bench.timers.run(0.2 + boot.gone_s)
    if families[name].dialogue.usb:
        assert bench.host.lost == 1
        bench.host.open()
    bench.host.hear(max(boot.sim_ready_s, boot.registered_s))
    assert bench.host.say(b"AT\r") == _answer(families[name], "AT")


@pytest.mark.parametrize(
    ("name", "command"), [(name, command) for name in families for command in families[name].commands.powers_off]
)
def test_its_own_switching_off(name: str, command: str) -> None:
    """It says OK and its last words, and nothing more until it is plugged in anew."""
    bench = _ready(name)
    assert bench.host.ask(f"AT{command}") == "OK"
    assert _lines(bench.host.hear(1.0).decode()) == list(families[name].commands.last_words)
    if families[name].dialogue.usb:
        assert not bench.link.plugged
    else:
        assert bench.host.say(b"AT\r", 600.0) == b""
    bench.link.replug()
    if families[name].dialogue.usb:
        bench.host.open()
    boot = families[name].boot
    bench.host.hear(max(boot.sim_ready_s, boot.registered_s))
    assert bench.host.say(b"AT\r").endswith(b"OK\r\n")
