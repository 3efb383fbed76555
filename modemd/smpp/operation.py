"""Operations: the values of command_id, and the base class of the bodies, which a layout of fields describes (clause 4)."""

from __future__ import annotations

from enum import IntEnum
from typing import Any, ClassVar, Self

from modemd.smpp.fields import BodyField
from modemd.smpp.tlvs import Tlvs, read_tlvs

RESPONSE_BIT = 0x80000000
"""Bit of command_id that tells a response from its request (5.1.2)."""


class CommandId(IntEnum):
    """Values of command_id (5.1.2.1)."""

    GENERIC_NACK = 0x80000000
    BIND_RECEIVER = 0x00000001
    BIND_RECEIVER_RESP = 0x80000001
    BIND_TRANSMITTER = 0x00000002
    BIND_TRANSMITTER_RESP = 0x80000002
    QUERY_SM = 0x00000003
    QUERY_SM_RESP = 0x80000003
    SUBMIT_SM = 0x00000004
    SUBMIT_SM_RESP = 0x80000004
    DELIVER_SM = 0x00000005
    DELIVER_SM_RESP = 0x80000005
    UNBIND = 0x00000006
    UNBIND_RESP = 0x80000006
    BIND_TRANSCEIVER = 0x00000009
    BIND_TRANSCEIVER_RESP = 0x80000009
    OUTBIND = 0x0000000B
    ENQUIRE_LINK = 0x00000015
    ENQUIRE_LINK_RESP = 0x80000015
    ALERT_NOTIFICATION = 0x00000102
    DATA_SM = 0x00000103
    DATA_SM_RESP = 0x80000103


class Operation:
    """Base class of the bodies. `COMMAND`: the command_id; `LAYOUT`: the mandatory fields, in order; then come the TLVs."""

    __slots__ = ()

    COMMAND: ClassVar[CommandId]
    LAYOUT: ClassVar[tuple[BodyField, ...]] = ()

    tlvs: Tlvs

    def encode(self) -> bytes:
        """Returns the octets of the body. EncodeError if a value does not fit its field."""
        values: list[Any] = [getattr(self, each.name) for each in self.LAYOUT]
        mandatory = b"".join([each.encode(value) for each, value in zip(self.LAYOUT, values, strict=True)])
        return mandatory + b"".join([each.encode() for each in self.tlvs])

    @classmethod
    def decode(cls, octets: bytes) -> Self:
        """Returns the body. Raises FieldError if a field is cut or too long; `octet` counts from the start of the body."""
        at = 0
        values: dict[str, Any] = {}
        for each in cls.LAYOUT:
            values[each.name], at = each.read(octets, at)
        return cls(tlvs=read_tlvs(octets, at), **values)  # type: ignore[call-arg]  # the dataclasses below take them
