"""A codec that we did not write reads what ours writes, and ours reads what it writes.

python-gsmmodem-new, in the subset that it gets right. Where it is known to differ, ours follows the standard: it cannot
encode letters outside the basic plane, drops a final `@` of eight septets, reads no national tables, and has a backtick
where the alphabet has none.
"""

from __future__ import annotations

import warnings
from datetime import UTC, datetime, timedelta

import pytest

from modemd.pdu import RelativeValidity, Submit, Timestamp, compose, compose_deliver, frame, unframe

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # its docstrings hold invalid escapes, of which Python 3.12 warns
    from gsmmodem import pdu as other

NUMBER = "+447700900123"
TEXTS = [
    pytest.param("Hello", id="short"),
    pytest.param("a" * 160, id="one whole part"),
    pytest.param("a" * 161, id="two parts"),
    pytest.param("Cost €5 {a} [b] ^~|\\", id="extension table"),
    pytest.param("x" * 152 + "€" + "y" * 10, id="an escape pair at the cut"),
    pytest.param("Привет, как дела?", id="UCS2"),
    pytest.param("жук " * 40, id="UCS2 in parts"),
]


@pytest.mark.parametrize("text", TEXTS)
def test_the_other_codec_reads_our_submits(text: str) -> None:
    """Number, text, validity and the place of each part are what we said."""
    parts = compose(NUMBER, text, reference=7, validity=RelativeValidity.at_least(timedelta(hours=24)))
    read = [other.decodeSmsPdu(frame(part.encode()).hex().upper()) for part in parts]
    assert "".join(part["text"] for part in read) == text
    assert {part["number"] for part in read} == {NUMBER}
    assert {part["validity"] for part in read} == {timedelta(hours=24)}
    if len(parts) > 1:
        assert [(part["udh"][0].reference, part["udh"][0].number) for part in read] == [
            (7, sequence) for sequence in range(1, len(parts) + 1)
        ]


@pytest.mark.parametrize("text", TEXTS)
def test_we_read_the_other_codecs_submits(text: str) -> None:
    """The same cuts, and the same octets to the letter."""
    theirs = other.encodeSmsSubmitPdu(NUMBER, text, reference=7, validity=timedelta(hours=24), requestStatusReport=True)
    read = [Submit.decode(unframe(bytes.fromhex(str(pdu)))[1]) for pdu in theirs]
    assert "".join(str(part.text) for part in read) == text
    ours = compose(
        NUMBER,
        text,
        reference=7,
        message_reference=7,
        validity=RelativeValidity.at_least(timedelta(hours=24)),
        report_requested=True,
    )
    assert [part.encode() for part in read] == [part.encode() for part in ours]


@pytest.mark.parametrize("text", TEXTS)
def test_the_other_codec_reads_our_delivers(text: str) -> None:
    """Sender, time with its zone, and text."""
    moment = datetime(2026, 11, 22, 9, 15, 8, tzinfo=UTC)
    parts = compose_deliver(NUMBER, text, Timestamp.of(moment), reference=7)
    read = [other.decodeSmsPdu(frame(part.encode()).hex().upper()) for part in parts]
    assert "".join(part["text"] for part in read) == text
    assert {part["number"] for part in read} == {NUMBER}
    assert {part["time"] for part in read} == {moment}
