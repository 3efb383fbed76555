"""How texts are cut, and what is said about it beforehand."""

from __future__ import annotations

import pytest

from modemd.errors import EncodeError
from modemd.pdu import (
    Alphabet,
    LockingShift,
    Ports,
    SingleShift,
    compose,
    compose_data,
    compose_deliver,
    join,
    join_data,
    plan,
    plan_data,
)
from modemd.pdu.fields.timestamp import Timestamp
from modemd.pdu.text.grapheme import inner_offsets

FAMILY = "👨‍👩‍👧‍👦"  # eleven UTF-16 code units that show as one
NOW = Timestamp(bytes.fromhex("52301190518000"))


@pytest.mark.parametrize(
    ("text", "units"),
    [
        pytest.param("", (0,), id="nothing is a part too"),
        pytest.param("a" * 160, (160,), id="fills one part"),
        pytest.param("a" * 161, (153, 8), id="one more"),
        pytest.param("a" * 306, (153, 153), id="fills two"),
        pytest.param("a" * 307, (153, 153, 1), id="one more than two"),
        pytest.param("a" * 159 + "€", (153, 8), id="the euro sign takes two septets"),
        pytest.param("a" * 152 + "€" + "b" * 152, (152, 153, 1), id="an escape pair is not torn"),
        pytest.param("Ж" * 70, (70,), id="fills one part, UCS2"),
        pytest.param("Ж" * 71, (67, 4), id="one more, UCS2"),
        pytest.param("Ж" * 66 + "😀" + "Ж" * 5, (66, 7), id="a surrogate pair is not torn"),
        pytest.param("a" * 153 * 255, (153,) * 255, id="255 parts"),
    ],
)
def test_units(text: str, units: tuple[int, ...]) -> None:
    """A text is cut by units, and pairs are never torn apart."""
    planned = plan(text)
    assert planned.units == units
    assert [part.text for part in compose("+447700900123", text, reference=9)] == [
        part.text for part in compose_deliver("12345", text, NOW, reference=9)
    ]
    assert join(compose("+447700900123", text)) == text


@pytest.mark.parametrize("text", ["a" * 153 * 255 + "a", "Ж" * 67 * 255 + "Ж"], ids=["gsm", "ucs2"])
def test_there_are_at_most_255_parts(text: str) -> None:
    """A text that needs 256 parts is refused."""
    with pytest.raises(EncodeError, match="256 parts"):
        plan(text)


@pytest.mark.parametrize(
    ("width", "text", "units", "room"),
    [
        (8, "a" * 200, (153, 47), (0, 106)),
        (16, "a" * 200, (152, 48), (0, 104)),
        (8, "Ж" * 80, (67, 13), (0, 54)),
        (16, "Ж" * 80, (66, 14), (0, 52)),
    ],
)
def test_reference_width_costs_room(width: int, text: str, units: tuple[int, ...], room: tuple[int, ...]) -> None:
    """A 16-bit reference costs a unit in each part; the plan says what is left."""
    planned = plan(text, reference_width=width)
    assert planned.units == units
    assert tuple(segment.room for segment in planned.segments) == room
    assert all(part.encode() for part in compose("+447700900123", text, reference_width=width))


@pytest.mark.parametrize(("width", "units"), [(8, (128, 122)), (16, (127, 123))])
def test_data_beside_ports(width: int, units: tuple[int, ...]) -> None:
    """Octets are cut beside whatever else the header holds."""
    header = (Ports(2948, 9200),)
    assert plan_data(bytes(250), reference_width=width, header=header).units == units
    parts = compose_data("+447700900123", bytes(range(250)), reference_width=width, header=header)
    assert join_data(parts) == bytes(range(250))
    assert all(part.ports == Ports(2948, 9200) for part in parts)


def test_combined_emoji_stays_whole_where_that_is_free() -> None:
    """A family is not split over two parts where it can go into the second."""
    parts = compose("+447700900123", "Ж" * 60 + FAMILY + "Ж" * 20)
    assert [part.text for part in parts] == ["Ж" * 60, FAMILY + "Ж" * 20]


def test_combined_emoji_is_split_where_keeping_it_would_cost() -> None:
    """Where every unit is needed a family is split, between its members."""
    text = "Ж" * 61 + FAMILY + "Ж" * 62
    parts = compose("+447700900123", text)
    assert [len(part.user_data.payload) // 2 for part in parts] == [67, 67]
    assert join(parts) == text


@pytest.mark.parametrize(
    ("text", "inner"),
    [
        pytest.param("e\u0301a", {1}, id="a letter and an accent"),
        pytest.param("👍🏽!", {1}, id="a skin tone"),
        pytest.param("🇬🇧🇫🇷", {1, 3}, id="two flags"),
        pytest.param("☎\ufe0f1\ufe0f\u20e3", {1, 3, 4}, id="variation selectors and a keycap"),
        pytest.param("\u0915\u094d\u0937", {1, 2}, id="consonants that a virama ties"),
        pytest.param("Привет, 世界 안녕", set(), id="plain letters"),
    ],
)
def test_what_hangs_together(text: str, inner: set[int]) -> None:
    """Characters that belong with the one before are known."""
    assert inner_offsets(text) == inner


def test_foreign_characters_are_listed_with_their_place() -> None:
    """The plan names each character that the GSM alphabet lacks, and its offset."""
    planned = plan("price – 5 €, “ok”")
    assert planned.alphabet is Alphabet.UCS2
    assert [(found.offset, found.character) for found in planned.foreign] == [(6, "–"), (13, "“"), (16, "”")]


def test_transliteration_is_offered_not_done() -> None:
    """The plan says what look-alikes would save; the text itself stays."""
    text = "“Hello” – see you… " * 6
    planned = plan(text)
    assert (planned.parts, planned.alphabet, planned.text) == (2, Alphabet.UCS2, text)
    offer = planned.offer
    assert offer is not None
    assert (offer.parts, offer.saved, offer.alphabet) == (1, 1, Alphabet.GSM7)
    assert offer.text == '"Hello" - see you... ' * 6
    assert (offer.replaced[0].offset, offer.replaced[0].character, offer.replaced[0].by) == (0, "“", '"')
    assert join(compose("+447700900123", text)) == text


@pytest.mark.parametrize("text", ["plain", "“short”", "“Жук” " * 30], ids=["gsm", "nothing saved", "still UCS2"])
def test_no_offer_where_nothing_is_saved(text: str) -> None:
    """A replacement that saves no part is not offered."""
    assert plan(text).offer is None


@pytest.mark.parametrize(
    ("text", "parts", "national_parts", "locking", "single"),
    [
        pytest.param("ğışİŞĞç" * 11, 2, 1, None, 1, id="turkish, single shift alone"),
        pytest.param("ğışİŞĞç" * 20, 3, 1, 1, None, id="turkish, locking shift"),
        pytest.param("á" * 75, 2, 1, None, 2, id="spanish"),
        pytest.param("नमस्ते " * 20, 3, 1, 6, None, id="hindi, locking shift alone"),
        pytest.param("नमस्ते A" * 18, 3, 2, 6, 6, id="hindi, with a capital of the single shift"),
        pytest.param("ğışİŞĞç", 1, 1, None, None, id="nothing to save"),
        pytest.param("ğ世" * 60, 2, 2, None, None, id="no table has it"),
        pytest.param("plain " * 40, 2, 2, None, None, id="the default alphabet does"),
    ],
)
def test_national_tables(text: str, parts: int, national_parts: int, locking: int | None, single: int | None) -> None:
    """National tables are used only when asked for, and only where they save parts."""
    assert plan(text).parts == parts
    planned = plan(text, national=True)
    assert (planned.parts, planned.locking, planned.single) == (national_parts, locking, single)
    assert join(compose("+447700900123", text, national=True)) == text


def test_national_tables_can_be_named() -> None:
    """Only the tables that are allowed are used."""
    text = "ğışİŞĞç" * 20
    assert plan(text, national=(SingleShift(1),)).parts == 2
    assert plan(text, national=(LockingShift(1),)).parts == 1
    assert plan(text, national=(LockingShift(3),)).parts == 3
    assert plan(text, national=()).parts == 3


@pytest.mark.parametrize("text", ["\ud800", "ok \udc00 ok"])
def test_half_a_surrogate_pair_is_refused(text: str) -> None:
    """A text that is no text is refused with the place."""
    with pytest.raises(EncodeError, match="half a surrogate pair"):
        plan(text)


def test_reference_width_is_8_or_16() -> None:
    """Another width does not exist."""
    with pytest.raises(EncodeError, match="12 bits"):
        plan("a" * 200, reference_width=12)


def test_more_is_waiting_until_the_last_part() -> None:
    """A service centre says that more is waiting with every part but the last."""
    assert [part.more_to_send for part in compose_deliver("12345", "a" * 400, NOW)] == [True, True, False]
