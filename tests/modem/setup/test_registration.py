"""Registration, by whichever command tells it."""

from __future__ import annotations

import pytest

from modemd.at.replies import Registration
from modemd.modem.link.dialogue import Dialogue
from modemd.modem.setup.registration import read_registration
from tests.modem.scripted_port import simulated
from tests.modem.stub_modem import StubModem


@pytest.mark.parametrize(
    ("answers", "state"),
    [
        pytest.param({"+CREG?": "+CREG: 0,9|OK"}, Registration.HOME_WITHOUT_CSFB, id="LTE without fallback for calls"),
        pytest.param({"+CREG?": "ERROR", "+CEREG?": "+CEREG: 0,5|OK"}, Registration.ROAMING, id="LTE only"),
        pytest.param({"+CREG?": "+CREG: 0,2|OK", "+CEREG?": "+CEREG: 0,1|OK"}, Registration.HOME, id="the best answer"),
        pytest.param({"+CREG?": "+CREG: 0,4|OK", "+CGREG?": "+CGREG: 0,3|OK"}, Registration.DENIED, id="refused"),
        pytest.param({"+CREG?": "+CREG: 0,2|OK"}, Registration.SEARCHING, id="what was told counts, not the operator"),
        pytest.param({}, Registration.HOME, id="untold: the operator's name"),
        pytest.param({"+CREG?": "ERROR", "+CGREG?": "ERROR", "+CEREG?": "ERROR"}, Registration.HOME, id="all refused"),
        pytest.param({"+COPS?": "+COPS: 0|OK"}, Registration.UNKNOWN, id="untold, and no operator"),
        pytest.param({"+COPS?": ""}, Registration.UNKNOWN, id="untold, and no answer about the operator"),
    ],
)
@simulated
async def test_a_network_is_found_by_whatever_tells_it(answers: dict[str, str], state: Registration) -> None:
    """Firmware may know none of the three commands, or answer OK alone; an operator's name means a network."""
    stub = StubModem()
    stub.answers = {"+COPS?": '+COPS: 0,0,"Testnet",7|OK'} | answers
    assert await read_registration(Dialogue(await stub.open("/dev/west"))) is state
