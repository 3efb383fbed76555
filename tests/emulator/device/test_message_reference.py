"""How a device numbers its messages (TP-MR), as its family does."""

from __future__ import annotations

from dataclasses import replace

import pytest

from modemd.emulator.device.family import families
from tests.emulator.bench import HELLO, Bench

TYPED = HELLO[:4] + "2A" + HELLO[6:]
"""HELLO with 42 where the host writes the reference."""


def _bench(references: str) -> Bench:
    generic = families["generic"]
    bench = Bench()
    bench.device.family = replace(generic, dialogue=replace(generic.dialogue, references=references))
    bench.host.set_up()
    return bench


def _restart(bench: Bench) -> None:
    bench.device.restart()
    bench.timers.run(60.0)
    bench.host.open()
    bench.host.set_up()


@pytest.mark.parametrize(
    ("references", "before", "after"),
    [
        pytest.param("counts", [254, 255, 0], [1, 2], id="counts on over a restart"),
        pytest.param("restarts", [254, 255, 0], [0, 1], id="begins anew"),
        pytest.param("repeats", [42, 42, 42], [42, 42], id="takes the host's"),
    ],
)
def test_the_reference_of_the_next_message(references: str, before: list[int], after: list[int]) -> None:
    """What +CMGS says is what the network got."""
    bench = _bench(references)
    bench.device.reference = 254
    said = [bench.host.send(TYPED) for _ in before]
    assert said == [f"+CMGS: {number}\r\nOK" for number in before]
    _restart(bench)
    for _ in after:
        bench.host.send(TYPED)
    assert bench.references == before + after
    assert [entry.tpdu[1] for entry in bench.network.journal] == before + after
