"""Which storage and notices are tried, in which order, by what the modem offers."""

from __future__ import annotations

import pytest

from modemd.at import offers
from modemd.modem.link.dialogue import Dialogue
from modemd.modem.setup.busy_sim import run_when_ready
from modemd.modem.setup.negotiation import NOTHING_RECEIVED, Storage, negotiate, notice_commands, storage_commands
from modemd.profiles import Profile
from tests.modem.scripted_port import script, simulated

WISHES = ("+CNMI=2,1,0,2,0", "+CNMI=2,1,0,1,0", "+CNMI=2,1,0,0,0", "+CNMI=1,1,0,1,0")


@pytest.mark.parametrize(
    ("offer", "tried"),
    [
        pytest.param("(0-2),(0-3),(0,2),(0-2),(0,1)", ["2,1,0,2,0", "2,1,0,1,0", "2,1,0,0,0", "1,1,0,1,0"], id="all"),
        pytest.param("(0-3),(0-3),(0,2),(0,1),(0,1)", ["2,1,0,1,0", "2,1,0,0,0", "1,1,0,1,0", "2,1,0,2,0"], id="SIM800: no ds=2"),
        pytest.param("(0-3),(0,1),(0,2,3),(0,2),(1)", ["2,1,0,2,1", "2,1,0,0,1", "2,1,0,1,1", "1,1,0,1,1"], id="MC75i: bfr 1"),
        pytest.param("(0-2),(0-3),(0,2),(0-2)", ["2,1,0,2", "2,1,0,1", "2,1,0,0", "1,1,0,1"], id="Wavecom: four values"),
        pytest.param("(0,1),(0,1),(0),(0,1),(0)", ["1,1,0,1,0", "2,1,0,2,0", "2,1,0,1,0", "2,1,0,0,0"], id="no mode 2"),
        pytest.param(None, ["2,1,0,2,0", "2,1,0,1,0", "2,1,0,0,0", "1,1,0,1,0"], id="it does not tell"),
    ],
)  # fmt: skip
def test_what_is_offered_is_tried_before_what_is_not(offer: str | None, tried: list[str]) -> None:
    """In the order of the wishes; none is forgotten, as some firmware's offer is wrong."""
    offered = offers.parse_number_groups([f"+CNMI: {offer}"], "+CNMI") if offer else ()
    assert notice_commands(WISHES, offered) == [f"+CNMI={values}" for values in tried]


@pytest.mark.parametrize(
    ("offer", "tried"),
    [
        pytest.param('("SM","ME"),("SM","ME"),("SM","ME")', [("SM", 3), ("ME", 3)], id="both"),
        pytest.param('("ME","MT"),("ME","MT"),("ME","MT")', [("ME", 3), ("SM", 3)], id="no SM"),
        pytest.param('("ME","SM","MT"),("ME","SM","MT"),("SM","MT")', [("SM", 3), ("ME", 3)], id="ME not as the third"),
        pytest.param('(("SM","BM","SR"),("SM"))', [("SM", 2), ("ME", 2)], id="two places"),
        pytest.param('"ME","MT","SM"', [("SM", 3), ("ME", 3)], id="ungrouped"),
        pytest.param(None, [("SM", 3), ("SM", 2), ("SM", 1), ("ME", 3), ("ME", 2), ("ME", 1)], id="it does not tell"),
    ],
)
def test_all_places_are_set_to_one_memory(offer: str | None, tried: list[tuple[str, int]]) -> None:
    """That of the wishes which is legal in every place first: what arrives must lie where it is read."""
    offered = offers.parse_memories([f"+CPMS: {offer}"]) if offer else ()
    commands = [(memory, command.count(f'"{memory}"')) for memory, command in storage_commands(("SM", "ME"), offered)]
    assert commands == tried


def test_me_is_not_taken_before_mt_where_it_is_not_legal_for_what_arrives() -> None:
    """Cinterion: ME as the third is refused, and without it messages would arrive elsewhere."""
    offered = offers.parse_memories(['+CPMS: ("ME","MT"),("ME","MT"),("MT")'])
    assert [memory for memory, _ in storage_commands(("ME", "MT"), offered)] == ["MT", "ME"]


SM = '>> AT+CPMS="SM","SM","SM" \n << +CPMS: 1,20,1,20,1,20 | OK \n'
DS_2 = """
    >> AT+CNMI=?
    << +CNMI: (0-2),(0-3),(0,2),(0-2),(0,1) | OK
    >> AT+CNMI=2,1,0,2,0
    << OK
    >> AT+CNMI?
    << +CNMI: 2,1,0,2,0 | OK
"""


@pytest.mark.parametrize(
    ("transcript", "storage"),
    [
        pytest.param(
            """
                >> AT+CPMS=?
                << +CPMS: (("SM","BM","SR"),("SM")) | OK
                >> AT+CPMS="SM","SM"
                << +CPMS: 14,50,14,50 | OK
                >> AT+CNMI=?
                << +CNMI: (0-2),(0-3),(0,2),(0,1) | OK
                >> AT+CNMI=2,1,0,1
                << OK
                >> AT+CNMI?
                << +CNMI: 2,1,0,1 | OK
            """,
            Storage("SM", readable=("SM", "BM", "SR")),
            id="Wavecom: two memories, four values, reports direct",
        ),
        pytest.param(
            f'>> AT+CPMS=? \n << +CPMS: ("SM","SR"),("SM"),("SM") | OK \n {SM} {DS_2}',
            Storage("SM", "SR", ("SM", "SR")),
            id="SR",
        ),
        pytest.param(
            f'>> AT+CPMS=? \n << +CPMS: ("SM"),("SM"),("SM") | OK \n {SM} {DS_2}',
            Storage("SM", readable=("SM",)),
            id="no SR",
        ),
        pytest.param(f">> AT+CPMS=? \n << ERROR \n {SM} {DS_2}", Storage("SM"), id="it does not tell"),
    ],
)
@simulated
async def test_where_arrivals_lie(transcript: str, storage: Storage) -> None:
    """From the modem's own offer, without a refusal on the way; reports have a memory of their own where they are stored; and
    it says which memories can be read."""
    with script(transcript) as port:
        dialogue = Dialogue(port)
        profile = Profile("x", storage=("SM",), notify=WISHES)
        assert await negotiate(dialogue, profile, lambda command: run_when_ready(dialogue, command)) == storage


DIRECT = ("+CNMI=2,2,0,1,0", "+CNMI=3,2,0,1,0")
NO_STORAGE = ">> AT+CPMS=? \n << ERROR \n" + "".join(
    f">> AT+CPMS={','.join(['%SM%'] * places)} \n << ERROR \n".replace("%", '"') for places in (3, 2, 1, 3, 2, 1)
)


async def negotiated(transcript: str) -> Storage:
    with script(transcript) as port:
        dialogue = Dialogue(port)
        profile = Profile("x", storage=("SM",), notify=WISHES, direct=DIRECT)
        return await negotiate(dialogue, profile, lambda command: run_when_ready(dialogue, command))


@simulated
async def test_a_modem_without_storage_hands_its_messages_over() -> None:
    """Nordic's nRF9160: no +CPMS, no +CSMS, and the one notice setting that it takes."""
    storage = await negotiated(f"""
        {NO_STORAGE}
        >> AT+CSMS=1
        << ERROR
        >> AT+CNMI=?
        << +CNMI: (3),(0,2),(0),(0,1) | OK
        >> AT+CNMI=3,2,0,1
        << OK
        >> AT+CNMI?
        << +CNMI: 3,2,0,1 | OK
    """)
    assert (storage.is_direct, storage.remark) == (True, None)


@simulated
async def test_a_phone_that_only_sends_is_said_to_receive_nothing() -> None:
    """Nokia N79: empty groups, and no notices. It sends, and a remark says what to expect of it."""
    refused = "".join(f">> AT{command} \n << ERROR \n" for command in DIRECT)
    storage = await negotiated(
        NO_STORAGE.replace("AT+CPMS=? \n << ERROR", "AT+CPMS=? \n << +CPMS: (),(),() | OK")
        + f">> AT+CSMS=1 \n << OK \n >> AT+CNMI=? \n << ERROR \n {refused}"
    )
    assert (storage.is_direct, storage.remark) == (True, NOTHING_RECEIVED)


@simulated
async def test_a_storage_without_places_is_none() -> None:
    """What comes could never lie there."""
    profile = Profile("x", storage=("SM", "ME"), notify=WISHES)
    empty = '>> AT+CPMS=? \n << +CPMS: ("SM","ME"),("SM","ME"),("SM","ME") | OK \n' + SM.replace("1,20", "0,0")
    me = '>> AT+CPMS="ME","ME","ME" \n << +CPMS: 0,99,0,99,0,99 | OK \n'
    with script(empty + me + DS_2) as port:
        dialogue = Dialogue(port)
        storage = await negotiate(dialogue, profile, lambda command: run_when_ready(dialogue, command))
    assert storage.memory == "ME"


@simulated
async def test_values_that_are_not_read_back_are_believed() -> None:
    """Firmware may answer +CNMI? with fewer values than it takes; those that it tells must be right."""
    ds_2 = DS_2.replace("<< +CNMI: 2,1,0,2,0", "<< +CNMI: 2,1")
    assert await negotiated(f'>> AT+CPMS=? \n << +CPMS: ("SM"),("SM"),("SM") | OK \n {SM} {ds_2}') == Storage(
        "SM", readable=("SM",)
    )


@simulated
async def test_a_storage_is_selected_in_the_form_that_the_modem_takes() -> None:
    """Huawei E3372-325 and phonesim refuse fewer than three memories; arrivals stay where they are."""
    storage = await negotiated(f'>> AT+CPMS=? \n << +CPMS: ("SM"),("SM"),("SM") | OK \n {SM} {DS_2}')
    assert storage.select_command("SR") == '+CPMS="SR","SM","SM"'
    assert storage.select_command("SM") == '+CPMS="SM","SM","SM"'


@simulated
async def test_a_storage_that_is_refused_once_is_not_given_up() -> None:
    """Noise on the line makes a refusal, too: each is tried again before messages are asked for straight."""
    offer = '>> AT+CPMS=? \n << +CPMS: ("SM"),("SM"),("SM") | OK'
    refused = f"{SM.partition('<<')[0]} << ERROR"
    assert (await negotiated(f"{offer} \n {refused} \n {SM} {DS_2}")).memory == "SM"


@pytest.mark.parametrize(("answer", "is_told"), [("+CNMI: 2,1,0,2,0", True), ("ERROR", False), ("+CNMI: 2,1", True)])
@simulated
async def test_the_notices_that_were_taken_are_known(answer: str, is_told: bool) -> None:
    """And whether the modem tells them: else it is not asked for them at work."""
    refusing = DS_2.replace("+CNMI: 2,1,0,2,0 | OK", answer if answer == "ERROR" else f"{answer} | OK")
    storage = await negotiated(f'>> AT+CPMS=? \n << +CPMS: ("SM"),("SM"),("SM") | OK \n {SM} {refusing}')
    assert (storage.notices, storage.tells_notices) == ("+CNMI=2,1,0,2,0", is_told)


@simulated
async def test_the_notices_of_a_modem_without_storage_are_known() -> None:
    """They are what it loses if it is not acknowledged in time."""
    direct = DS_2.replace("2,1,0,2,0", "2,2,0,1,0")
    storage = await negotiated(f"{NO_STORAGE} >> AT+CSMS=1 \n << OK \n {direct}")
    assert (storage.is_direct, storage.notices, storage.tells_notices) == (True, "+CNMI=2,2,0,1,0", True)
