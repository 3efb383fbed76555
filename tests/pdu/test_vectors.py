"""The codec says of foreign PDUs what many implementations and the standard say of them."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from modemd.errors import DecodeError
from modemd.pdu import (
    AbsoluteValidity,
    Address,
    Alphabet,
    Coding,
    Command,
    Deliver,
    RelativeValidity,
    SingleShift,
    StatusReport,
    Submit,
    Timestamp,
    TypeOfNumber,
    Validity,
    compose,
    decode_incoming,
    decode_outgoing,
    join,
    pack,
    plan,
    unframe,
    unpack,
    unpack_ussd,
)
from modemd.pdu.text.alphabet import DEFAULT, Table
from modemd.pdu.text.national import locking_characters, single_characters, table
from tests.pdu.vectors import vectors

Message = Submit | Deliver | StatusReport | Command
Case = dict[str, Any]

ENCODINGS = {"gsm7": Alphabet.GSM7, "8bit": Alphabet.DATA8, "ucs2": Alphabet.UCS2}
TYPES = {"submit": Submit, "deliver": Deliver, "status-report": StatusReport, "command": Command}


def params(cases: list[Case]) -> list[Any]:
    return [pytest.param(case, id=f"{number}-{case.get('id', '')}") for number, case in enumerate(cases)]


def octets_of(case: Case) -> bytes:
    """The PDU's octets; a DecodeError where it is not hexadecimal, as the caller of the codec would raise it."""
    try:
        return bytes.fromhex(case["pdu"])
    except ValueError as error:
        raise DecodeError("PDU", 0, "not hexadecimal") from error


def decode(case: Case) -> tuple[Address | None, Message]:
    octets = octets_of(case)
    smsc, tpdu = unframe(octets) if case["smsc"] else (None, octets)
    outgoing = case.get("dir") == "mo" or case["direction"] == "submit"
    return smsc, decode_outgoing(tpdu) if outgoing else decode_incoming(tpdu)


def judged(case: Case) -> bool:
    return "error" not in case["expect"]


def seen(smsc: Address | None, message: Message, wanted: Case) -> dict[str, Any]:
    """What the codec says, in the words of the vectors."""
    said: dict[str, Any] = {
        "type": next(name for name, kind in TYPES.items() if type(message) is kind),
        "smsc": None if smsc is None else str(smsc),
    }
    number = {Submit: "destination", Deliver: "originator", StatusReport: "recipient", Command: "destination"}
    address: Address = getattr(message, number[type(message)])
    said["number"] = str(address)
    said["number_type"] = address.type_of_number.name.lower().replace("_", "-")
    if isinstance(message, StatusReport):
        said |= {"reference": message.reference, "status": message.status}
        said |= moment("timestamp", message.timestamp) | moment("discharge_time", message.discharge)
        said |= {"pid": message.protocol_id, "dcs": message.dcs, "text": message.text}
        if (data := message.user_data) is not None:
            said |= {"user_data_hex": data.payload.hex(), "encoding": encoding(Coding.of(message.dcs or 0).alphabet)}
    elif isinstance(message, Command):
        said |= {"reference": message.reference, "pid": message.protocol_id, "command_type": message.command_type}
        said |= {"message_number": message.message_number, "user_data_hex": message.data.payload.hex()}
    else:
        said |= {"pid": message.protocol_id, "dcs": message.dcs, "class": message.message_class}
        said |= {"text": message.text, "user_data_hex": message.user_data.payload.hex()}
        said["encoding"] = encoding(message.alphabet)
        elements = [element.encode() for element in message.user_data.header]
        said["udh"] = [{"iei": octets[0], "data": octets[2:].hex()} for octets in elements]
        if found := message.concatenation:
            said["concat"] = {"ref": found.reference, "total": found.total, "seq": found.sequence}
        if ports := message.ports:
            said["ports"] = {"dst": ports.destination, "src": ports.source, "bits": ports.width}
        if isinstance(message, Submit):
            said |= {"reference": message.reference} | validity(message)
        else:
            said |= moment("timestamp", message.timestamp)
    return {name: value for name, value in said.items() if name in wanted}


def encoding(alphabet: Alphabet) -> str:
    return next(name for name, known in ENCODINGS.items() if known is alphabet)


def moment(name: str, stamp: Timestamp) -> dict[str, Any]:
    """The time as the vectors write it. The century is not in a PDU, and the vectors take years from 90 on for 2090."""
    if stamp.value is None:
        return {name: None}
    return {name: "20" + stamp.value.isoformat()[2:]}


def validity(message: Submit) -> dict[str, Any]:
    if isinstance(message.validity, RelativeValidity):
        return {"vp_minutes": message.validity.duration // timedelta(minutes=1)}
    if isinstance(message.validity, AbsoluteValidity):
        return moment("vp_absolute", message.validity.until)
    return {}


@pytest.mark.parametrize("case", params([case for case in vectors("pdu.json") if judged(case)]))
def test_pdu_is_read_as_others_read_it(case: Case) -> None:
    """Each field of a foreign PDU is what its source says it is."""
    wanted = case["expect"]
    smsc, message = decode(case)
    also = {"text": wanted.get("text_alt"), "number": wanted.get("number_alt")}
    said = seen(smsc, message, wanted)
    for name, value in said.items():
        if value != wanted[name] and value not in (also.get(name) or ()):
            assert {name: value} == {name: wanted[name]}
    if wanted.get("no_concat"):
        assert isinstance(message, Deliver | Submit)
        assert message.concatenation is None
    unread = set(wanted) - set(said) - {"text_alt", "number_alt", "no_concat"}
    assert not unread


@pytest.mark.parametrize("case", params([case for case in vectors("pdu.json") if not judged(case)]))
def test_bad_pdu_is_refused_or_read(case: Case) -> None:
    """A PDU that is wrong raises DecodeError; one that can be made sense of may be read, and raises nothing else."""
    if case["expect"]["error"] is True:
        with pytest.raises(DecodeError):
            decode(case)
        return
    with suppress(DecodeError):
        decode(case)


@pytest.mark.parametrize("case", params(vectors("encode.json")))
def test_text_becomes_the_same_pdus(case: Case) -> None:
    """A number, a text and options become the PDUs that others make of them, octet by octet."""
    options = case["options"]
    parts = compose(
        destination(case),
        case["text"],
        reference=options.get("concat_ref", 0),
        message_reference=options.get("reference", 0),
        message_class=options.get("class"),
        report_requested=options.get("status_report", False),
        reject_duplicates=options.get("reject_duplicates", False),
        validity=wanted_validity(options),
    )
    wanted = [unframe(bytes.fromhex(pdu)) for pdu in case["pdus"]]
    assert [str(smsc) if smsc else None for smsc, _ in wanted] == [options.get("smsc")] * len(parts)
    assert [without_flags(part.encode()) for part in parts] == [without_flags(tpdu) for _, tpdu in wanted]


def destination(case: Case) -> Address:
    """The number; where it has no plus sign its type is the source's choice (unknown or national)."""
    address = Address.parse(case["number"])
    if address.type_of_number is TypeOfNumber.INTERNATIONAL:
        return address
    sent = decode_outgoing(unframe(bytes.fromhex(case["pdus"][0]))[1])
    return replace(address, type_of_number=sent.destination.type_of_number)


def without_flags(tpdu: bytes) -> bytes:
    """The octets but for TP-SRR and TP-RD, which the sources do not all set as their options say."""
    return bytes((tpdu[0] & ~0x24,)) + tpdu[1:]


def wanted_validity(options: Case) -> Validity | None:
    if "validity_minutes" in options:
        return RelativeValidity.at_least(timedelta(minutes=options["validity_minutes"]))
    if "validity_absolute" in options:
        return AbsoluteValidity(Timestamp.of(datetime.fromisoformat(options["validity_absolute"])))
    return None


# The octets of these are two cases of their source, one behind the other.
RUN_TOGETHER = ("wh-ussd-seven", "wh-ussd-fill2")
PACKED = [case for case in vectors("gsm7.json") if case["id"] not in RUN_TOGETHER]


def padded(case: Case) -> bool:
    """Whether spare bits are filled with a carriage return, which goes with USSD strings that start at a first bit."""
    return case["kind"] == "ussd" and not case["fill"]


@pytest.mark.parametrize("case", params([case for case in PACKED if not padded(case)]))
def test_text_is_packed_as_others_pack_it(case: Case) -> None:
    """Text, septets and octets agree, at every number of fill bits."""
    octets = bytes.fromhex(case["packed"])
    septets = DEFAULT.encode(case["text"])
    assert len(septets) == case["septets"]
    assert pack(septets, case["fill"]) == octets
    assert DEFAULT.decode(unpack(octets, case["septets"], case["fill"])) == case["text"]


@pytest.mark.parametrize("case", params([case for case in PACKED if padded(case)]))
def test_ussd_string_is_read_as_others_read_it(case: Case) -> None:
    """A USSD string is packed with a carriage return where one is due, and loses it again."""
    octets = bytes.fromhex(case["packed"])
    assert DEFAULT.decode(unpack_ussd(octets)) == case["text"]


@pytest.mark.parametrize("text", vectors("gsm7.json", "not_encodable"))
def test_text_outside_the_alphabet_is_not_packed(text: str) -> None:
    """A character outside the alphabet is never replaced."""
    assert DEFAULT.try_encode(text) is None


@pytest.mark.parametrize("case", params(vectors("segmentation.json")))
def test_text_is_cut_as_others_cut_it(case: Case) -> None:
    """Alphabet, number of parts and units per part are those of other calculators."""
    planned = plan(case["text"])
    assert planned.alphabet is ENCODINGS[case["encoding"]]
    assert planned.parts == case["segments"]
    assert list(planned.units) == case["units"]


@pytest.mark.parametrize("case", params(vectors("segmentation.json", "with_tables")))
def test_national_text_is_cut_as_others_cut_it(case: Case) -> None:
    """With the tables of a language, a part holds as many characters as elsewhere.

    A text that takes two parts either way is not sent with tables, so that case is made longer until they save one.
    """
    text = case["text"] if case["segments"] == 1 else (case["text"] * 2)[: 2 * case["chars"][0]]
    parts = compose("+905550000000", text, national=(SingleShift(case["single"]),))
    assert len(parts[0].text or "") == case["chars"][0]
    assert join(parts) == text


@pytest.mark.parametrize("case", params(vectors("reassembly.json")))
def test_parts_become_the_same_text(case: Case) -> None:
    """Parts in any order, repeated or cut inside a pair, give the whole text."""
    incoming = [decode_incoming(unframe(bytes.fromhex(pdu))[1]) for pdu in case["pdus"]]
    assert join([part for part in incoming if isinstance(part, Deliver)]) == case["text"]


def test_tables_hold_the_characters_of_the_standard() -> None:
    """Every cell of the default alphabet and of the national tables is what the standard's annex prints."""
    reading = {"locking": locking_characters, "single": single_characters}
    for case in vectors("alphabet_tables.json", "entries"):
        character = reading[case["table"]](case["lang"])[case["code"]]
        assert character in [case["char"], *case.get("alt", ())], case


@pytest.mark.parametrize("language", range(14))
def test_tables_write_what_they_read(language: int) -> None:
    """Every character of a language's tables comes back from its septets."""
    tables: Table = table(language, language)
    characters = "".join(sorted(tables.letters | tables.extension))
    assert tables.decode(tables.encode(characters)) == characters
