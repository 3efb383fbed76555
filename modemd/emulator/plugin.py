"""The pytest plugin: modems on ptys for tests of any serial software. See docs/testing-your-code.md.

Loaded by pytest at every start, so it imports the emulator only when a fixture is used. All fixtures are synchronous
and live as long as one test.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from modemd.emulator.testing import Modem, Network, Phone

_networks = pytest.StashKey["Network"]()


@pytest.fixture
def network(request: pytest.FixtureRequest) -> Iterator[Network]:
    """An emulated mobile network of this test's own: `.phone(number)`, `.modem(...)`, `.journal`, `.reject(...)`."""
    from modemd.emulator.testing import Network

    with Network() as network:
        request.node.stash[_networks] = network
        yield network
        del request.node.stash[_networks]


@pytest.fixture
def make_modem(network: Network) -> Callable[..., Modem]:
    """Makes modems: `make_modem(number=..., family=..., send_latency=...)`; the arguments are those of `Network.modem`."""
    return network.modem


@pytest.fixture
def modem(make_modem: Callable[..., Modem]) -> Modem:
    """A modem on a pty: `.port` is the path to open; `.number`, `.unplug()`, `.replug()` and faults."""
    return make_modem()


@pytest.fixture
def phone(network: Network) -> Phone:
    """A phone, +33612345678: `.wait_for(text, timeout=5)`, `.send(to, text)`, `.inbox`."""
    return network.phone()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[Any]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A failed test shows what was said on its modems' ports."""
    report = yield
    network = item.stash.get(_networks, None)
    if network is not None and call.when == "call" and report.failed:
        for modem in network.modems:
            report.sections.append((f"AT dialogue of {modem!r}", str(modem.transcript) or "nothing was said"))
    return report
