"""`modemd pdu`: the codec for people and programs."""

from __future__ import annotations

import json

import pytest

from modemd import pdu
from tests.cli.shell import Ended, Modemd

# A DELIVER from +447700900050 through a service centre, as AT+CMGR shows it.
DELIVER = "0791447758100650040C9144770009500000005230119051800005E8329BFD06"
ALICE = "+33612345678"


def test_decode_leaves_no_octet_out(modemd: Modemd) -> None:
    """The rows, put together, are the PDU again; each has offset, hex, field and meaning."""
    ended = modemd("pdu", "decode", "--json", DELIVER)
    rows = json.loads(ended.out)
    assert ended.status == 0
    assert "".join(row["hex"] for row in rows) == DELIVER
    assert all(set(row) == {"offset", "hex", "field", "meaning"} for row in rows)
    assert rows[-1] == {"offset": 27, "hex": "E8329BFD06", "field": "TP-UD", "meaning": "'hello'"}


def test_decode_explains_to_people(modemd: Modemd) -> None:
    """Offset, field and meaning stand in a line, the octets below; nothing is cut short."""
    lines = modemd("pdu", "decode", DELIVER).out.splitlines()
    assert [line.split(maxsplit=2) for line in lines[-2:]] == [["27", "TP-UD", "'hello'"], ["E8329BFD06"]]
    assert len(lines) == 2 * len(pdu.explain(bytes.fromhex(DELIVER)))


def test_decode_takes_blanks(modemd: Modemd) -> None:
    """Hex may be separated by blanks, and in small letters."""
    spaced = " ".join(DELIVER[index : index + 2].lower() for index in range(0, len(DELIVER), 2))
    whole = modemd("pdu", "decode", DELIVER)
    assert modemd("pdu", "decode", spaced) == modemd("pdu", "decode", *spaced.split()) == whole


def test_decode_goes_both_ways(modemd: Modemd) -> None:
    """What encode makes, decode explains: with the service centre's address and without."""
    (made,) = json.loads(modemd("pdu", "encode", "--to", ALICE, "--text", "hello", "--json").out)
    framed = modemd("pdu", "decode", made["pdu"], "--direction", "outgoing", "--json")
    bare = modemd("pdu", "decode", made["pdu"][2:], "--direction", "outgoing", "--no-smsc", "--json")
    rows, bare_rows = json.loads(framed.out), json.loads(bare.out)
    assert (rows[0]["field"], rows[0]["hex"]) == ("SMSC", "00")
    assert [row["field"] for row in rows[1:]] == [row["field"] for row in bare_rows]


@pytest.mark.parametrize(
    ("hex", "line"),
    [
        pytest.param("00", "TP-MTI at octet 0: the PDU is empty", id="nothing behind the address"),
        pytest.param("0004FF", "TP-OA at octet 2: ", id="the address ends early"),
        pytest.param("0C914477", "SMSC at octet 0: 12 octets; 11 are the most", id="a service centre too long"),
        pytest.param(DELIVER[:44], "TP-SCTS at octet ", id="the time stamp ends early"),
    ],
)
def test_what_cannot_be_read_is_one_line(modemd: Modemd, hex: str, line: str) -> None:
    """A PDU that is wrong ends with 1, and the line names field, octet and reason."""
    ended = modemd("pdu", "decode", hex)
    assert (ended.status, ended.out, ended.err.count("\n")) == (1, "", 1)
    assert ended.err.startswith(f"modemd: {line}")
    assert " at octet " in ended.err


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param(("decode",), id="no hex"),
        pytest.param(("decode", "0G"), id="no hex digit"),
        pytest.param(("decode", "000"), id="half an octet"),
        pytest.param(("decode", "00", "--direction", "up"), id="no direction"),
        pytest.param(("encode", "--to", ALICE), id="no text"),
        pytest.param(("encode", "--to", ALICE, "--text", "x", "--class", "4"), id="no class"),
        pytest.param(("encode", "--to", ALICE, "--text", "x", "--reference", "256"), id="a reference too large"),
        pytest.param(("plan",), id="no text to plan"),
        pytest.param(("plan", "--text", "x", "--reference-width", "7"), id="no width"),
    ],
)
def test_wrong_usage_ends_with_2(modemd: Modemd, arguments: tuple[str, ...]) -> None:
    """A wrong call ends with 2 and one line."""
    ended = modemd("pdu", *arguments)
    assert (ended.status, ended.out, ended.err.count("\n")) == (2, "", 1)


def test_encode_prints_what_the_modem_takes(modemd: Modemd) -> None:
    """For each part the command with its length, and the line for the prompt."""
    assert modemd("pdu", "encode", "--to", ALICE, "--text", "hello") == Ended(
        0, "AT+CMGS=18\n0001000B913316325476F8000005E8329BFD06\n", ""
    )


def test_encode_takes_every_option(modemd: Modemd) -> None:
    """Report, class, reference and its width are in the PDU."""
    ended = modemd(
        "pdu", "encode", "--to", ALICE, "--text", "x" * 161, "--report", "--class", "0", "--reference", "513",
        "--reference-width", "16", "--json",
    )  # fmt: skip
    made = json.loads(ended.out)
    parts = [pdu.Submit.decode(pdu.unframe(bytes.fromhex(part["pdu"]))[1]) for part in made]
    assert [part["part"] for part in made] == [1, 2]
    assert [part["tpdu_length"] for part in made] == [len(part["pdu"]) // 2 - 1 for part in made]
    assert all(part.report_requested and part.message_class == 0 for part in parts)
    assert [part.concatenation for part in parts] == [pdu.Concatenation(513, 2, sequence, 16) for sequence in (1, 2)]


@pytest.mark.parametrize(
    ("to", "text"),
    [("", "x"), ("a name that is too long", "x"), (ALICE, "x" * 153 * 256)],
    ids=["nobody", "long name", "too many parts"],
)
def test_what_cannot_be_said_is_one_line(modemd: Modemd, to: str, text: str) -> None:
    """A wish that has no form on the wire ends with 1 and the reason."""
    ended = modemd("pdu", "encode", "--to", to, "--text", text)
    assert (ended.status, ended.out, ended.err.count("\n")) == (1, "", 1)


def test_plan_shows_how_a_text_is_sent(modemd: Modemd) -> None:
    """Alphabet, parts, units, room, the characters that make it dear, and what others would save."""
    text = "x" * 100 + "“hi”"
    planned = json.loads(modemd("pdu", "plan", "--text", text, "--json").out)
    assert (planned["alphabet"], planned["parts"], planned["units"], planned["room"]) == ("ucs2", 2, [67, 37], [0, 30])
    assert planned["foreign"] == [{"offset": 100, "character": "“"}, {"offset": 103, "character": "”"}]
    assert (planned["offer"]["text"], planned["offer"]["parts"], planned["offer"]["saved"]) == (
        "x" * 100 + '"hi"',
        1,
        1,
    )
    assert planned["offer"]["replaced"][0] == {"offset": 100, "character": "“", "by": '"'}
    assert modemd("pdu", "plan", "--text", text).out.splitlines() == [
        "UCS2, 2 parts",
        "part 1: 67 UTF-16 units, room for 0 more",
        "part 2: 37 UTF-16 units, room for 30 more",
        "not in the GSM 7 bit alphabet: “ (U+201C) at 100, ” (U+201D) at 103",
        "GSM7, 1 part (1 fewer) with “ (U+201C) -> '\"', ” (U+201D) -> '\"'",
    ]


def test_a_plain_text_has_a_plain_plan(modemd: Modemd) -> None:
    """Where nothing is dear nothing is offered."""
    assert modemd("pdu", "plan", "--text", "hello").out == "GSM7, 1 part\npart 1: 5 septets, room for 155 more\n"
    planned = json.loads(modemd("pdu", "plan", "--text", "hello", "--json").out)
    assert (planned["foreign"], planned["offer"], planned["locking"], planned["single"]) == ([], None, None, None)


def test_national_tables_are_used_when_asked_for(modemd: Modemd) -> None:
    """With --national a Turkish text stays in septets, and the plan says by which table."""
    text = "ş" * 100
    assert json.loads(modemd("pdu", "plan", "--text", text, "--json").out)["alphabet"] == "ucs2"
    planned = json.loads(modemd("pdu", "plan", "--text", text, "--national", "--json").out)
    assert (planned["alphabet"], planned["parts"]) == ("gsm7", 1)
    assert pdu.Language.TURKISH in (planned["locking"], planned["single"])
