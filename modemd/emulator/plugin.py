"""Pytest plugin: fixtures with modems on ptys, for tests of any software that uses a serial modem.

docs/testing-your-code.md describes them. pytest loads this module at every start, so the module imports the emulator
only when a test uses a fixture. All fixtures are synchronous and live as long as one test.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from modemd.emulator.testing import MessageCentre, Modem, Network, Phone

_networks = pytest.StashKey["Network"]()


@pytest.fixture
def network(request: pytest.FixtureRequest) -> Iterator[Network]:
    """Yields an emulated mobile network for this test: `.phone(number)`, `.modem(...)`, `.journal`, `.reject(...)`."""
    from modemd.emulator.testing import Network

    with Network() as network:
        request.node.stash[_networks] = network
        yield network
        del request.node.stash[_networks]


@pytest.fixture
def make_modem(network: Network) -> Callable[..., Modem]:
    """Returns the function that makes modems, with the arguments of `Network.modem`: `make_modem(number=..., family=...)`."""
    return network.modem


@pytest.fixture
def modem(make_modem: Callable[..., Modem]) -> Modem:
    """Returns a modem on a pty: `.port` is the path to open; also `.number`, `.unplug()`, `.replug()` and faults."""
    return make_modem()


@pytest.fixture
def phone(network: Network) -> Phone:
    """Returns a phone, +33612345678: `.wait_for(text, timeout=5)`, `.send(to, text)`, `.inbox`."""
    return network.phone()


@pytest.fixture
def message_centre(network: Network) -> MessageCentre:
    """Returns an SMPP message centre: `.host`, `.port`, `.system_id`, `.password`, `.number`, and faults."""
    return network.message_centre()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[Any]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Adds the AT dialogues of all modems to the report of a test that failed."""
    report = yield
    network = item.stash.get(_networks, None)
    if network is not None and call.when == "call" and report.failed:
        for modem in network.modems:
            report.sections.append((f"AT dialogue of {modem!r}", str(modem.transcript) or "nothing was said"))
    return report
