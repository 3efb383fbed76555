"""Each PDU that is written is read as it was."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modemd.smpp.fields import BodyField, IntegerField, StringField
from modemd.smpp.operation import Operation
from modemd.smpp.pdus import OPERATIONS, Pdu, decode_pdu, make_pdu
from modemd.smpp.tlvs import Tlv
from tests.smpp.samples import PDUS, name_pdu

TLVS = st.lists(st.builds(Tlv, st.integers(0, 0xFFFF), st.binary(max_size=40)), max_size=4).map(tuple)
OCTETS = st.characters(min_codepoint=1, max_codepoint=255)


def values(field: BodyField) -> st.SearchStrategy[Any]:
    if isinstance(field, IntegerField):
        return st.integers(0, 256**field.octets - 1)
    if isinstance(field, StringField):
        return st.text(OCTETS, max_size=field.most - 1)
    return st.binary(max_size=254)


def bodies(operation: type[Operation]) -> st.SearchStrategy[Operation]:
    return st.builds(operation, **{field.name: values(field) for field in operation.LAYOUT}, tlvs=TLVS)


@given(st.data(), st.sampled_from(list(OPERATIONS.values())), st.integers(0, 0xFFFFFFFF))
def test_every_body_comes_back(data: st.DataObject, operation: type[Operation], sequence: int) -> None:
    """Whatever its fields and TLVs are."""
    pdu = make_pdu(data.draw(bodies(operation)), sequence)
    assert decode_pdu(pdu.encode()) == pdu


@pytest.mark.parametrize("pdu", PDUS, ids=name_pdu)
def test_the_samples_come_back(pdu: Pdu) -> None:
    """One of each operation, all fields filled."""
    assert decode_pdu(pdu.encode()) == pdu


def test_there_is_a_sample_of_each_operation() -> None:
    """The tests of cuts and noise leave none out."""
    assert {pdu.command_id for pdu in PDUS} == set(OPERATIONS)
