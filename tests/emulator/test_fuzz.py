"""Whatever a host writes, the device stays a device."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from modemd.emulator import families
from modemd.emulator.device.commands import COMMANDS
from modemd.pdu import Submit
from tests.emulator.bench import ALICE, HELLO, Bench

HARMLESS = sorted(name for name in COMMANDS if name not in {"+CFUN", "^RESET", "Q", "V", "S3", "S4", "+CPIN"})
ARGUMENTS = st.sampled_from(
    ["", "?", "=?", "=", "=0", "=1", "=2,1,0,1,0", "=18", '="SM","ME"', "=x", "=1,4", "=,,", '="']
)
TYPED = st.one_of(
    st.binary(max_size=40),
    st.builds(lambda name, argument: f"AT{name}{argument}\r".encode(), st.sampled_from(HARMLESS), ARGUMENTS),
    st.sampled_from(
        [
            b"AT+CMGF=1\r",
            b'AT+CMGS="123"\r',
            b"AT+CMGW=18\r",
            b"\x1b",
            b"\x1a",
            b"\r",
            b"\n",
            b"AT",
            b";",
            HELLO.encode(),
            HELLO[:9].encode() + b"\x1a",
        ]
    ),
)


@settings(max_examples=150, deadline=None)
@given(family=st.sampled_from(list(families)), typed=st.lists(TYPED, max_size=12), late=st.booleans())
def test_nothing_a_host_types_breaks_it(family: str, typed: list[bytes], late: bool) -> None:
    """No octets make it raise or fall silent: after an ESC it answers AT, and only whole SUBMITs were accepted."""
    bench = Bench(family)
    if late:
        bench.network.phone(ALICE).send(bench.sim.number, "meanwhile")
    for data in typed:
        bench.host.say(data, 0.7)
    bench.timers.run(30.0)
    bench.host.say(b"\x1b\rATQ0V1E0\r", 1.0)
    assert bench.host.ask("AT", 1.0) == "OK"
    assert all(Submit.decode(entry.tpdu).encode() == entry.tpdu for entry in bench.network.journal)
