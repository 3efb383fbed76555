"""Operations that begin, check and end a session: bind, outbind, unbind, enquire_link, generic_nack (4.1, 4.2, 4.3, 4.11)."""

from __future__ import annotations

from modemd.light_dataclass import dataclass
from modemd.smpp.fields import IntegerField, StringField
from modemd.smpp.operation import CommandId, Operation
from modemd.smpp.tlvs import Tag, Tlvs, make_integer_tlv

INTERFACE_VERSION = 0x34
BINDS = frozenset({CommandId.BIND_RECEIVER, CommandId.BIND_TRANSMITTER, CommandId.BIND_TRANSCEIVER})

# 5.2.1, 5.2.3, 5.2.7, 5.2.2. Providers give out longer passwords than the clause allows.
_SYSTEM_ID = StringField("system_id", 16)
_PASSWORD = StringField("password", 9, accepted=256)
_BIND = (
    _SYSTEM_ID,
    _PASSWORD,
    StringField("system_type", 13),
    IntegerField("interface_version"),
    IntegerField("addr_ton"),
    IntegerField("addr_npi"),
    StringField("address_range", 41),
)


@dataclass(frozen=True, slots=True)
class BindReceiver(Operation):
    """bind_receiver (4.1.3): the ESME asks for a session in which it only receives."""

    COMMAND = CommandId.BIND_RECEIVER
    LAYOUT = _BIND

    system_id: str
    password: str = ""
    system_type: str = ""
    interface_version: int = INTERFACE_VERSION
    addr_ton: int = 0
    addr_npi: int = 0
    address_range: str = ""
    tlvs: Tlvs = ()


@dataclass(frozen=True, slots=True)
class BindTransmitter(Operation):
    """bind_transmitter (4.1.1): the ESME asks for a session in which it only submits."""

    COMMAND = CommandId.BIND_TRANSMITTER
    LAYOUT = _BIND

    system_id: str
    password: str = ""
    system_type: str = ""
    interface_version: int = INTERFACE_VERSION
    addr_ton: int = 0
    addr_npi: int = 0
    address_range: str = ""
    tlvs: Tlvs = ()


@dataclass(frozen=True, slots=True)
class BindTransceiver(Operation):
    """bind_transceiver (4.1.5): the ESME asks for a session in which it submits and receives."""

    COMMAND = CommandId.BIND_TRANSCEIVER
    LAYOUT = _BIND

    system_id: str
    password: str = ""
    system_type: str = ""
    interface_version: int = INTERFACE_VERSION
    addr_ton: int = 0
    addr_npi: int = 0
    address_range: str = ""
    tlvs: Tlvs = ()


@dataclass(frozen=True, slots=True)
class BindReceiverResp(Operation):
    """bind_receiver_resp (4.1.4)."""

    COMMAND = CommandId.BIND_RECEIVER_RESP
    LAYOUT = (_SYSTEM_ID,)

    system_id: str = ""
    tlvs: Tlvs = ()


@dataclass(frozen=True, slots=True)
class BindTransmitterResp(Operation):
    """bind_transmitter_resp (4.1.2)."""

    COMMAND = CommandId.BIND_TRANSMITTER_RESP
    LAYOUT = (_SYSTEM_ID,)

    system_id: str = ""
    tlvs: Tlvs = ()


@dataclass(frozen=True, slots=True)
class BindTransceiverResp(Operation):
    """bind_transceiver_resp (4.1.6)."""

    COMMAND = CommandId.BIND_TRANSCEIVER_RESP
    LAYOUT = (_SYSTEM_ID,)

    system_id: str = ""
    tlvs: Tlvs = ()


@dataclass(frozen=True, slots=True)
class Outbind(Operation):
    """outbind (4.1.7): the SMSC asks the ESME to bind as a receiver. It has no response."""

    COMMAND = CommandId.OUTBIND
    LAYOUT = (_SYSTEM_ID, _PASSWORD)

    system_id: str
    password: str = ""
    tlvs: Tlvs = ()


@dataclass(frozen=True, slots=True)
class Unbind(Operation):
    """unbind (4.2.1)."""

    COMMAND = CommandId.UNBIND
    tlvs: Tlvs = ()


@dataclass(frozen=True, slots=True)
class UnbindResp(Operation):
    """unbind_resp (4.2.2)."""

    COMMAND = CommandId.UNBIND_RESP
    tlvs: Tlvs = ()


@dataclass(frozen=True, slots=True)
class GenericNack(Operation):
    """generic_nack (4.3.1): the answer to a PDU whose command_id is unknown or whose header is wrong."""

    COMMAND = CommandId.GENERIC_NACK
    tlvs: Tlvs = ()


@dataclass(frozen=True, slots=True)
class EnquireLink(Operation):
    """enquire_link (4.11.1)."""

    COMMAND = CommandId.ENQUIRE_LINK
    tlvs: Tlvs = ()


@dataclass(frozen=True, slots=True)
class EnquireLinkResp(Operation):
    """enquire_link_resp (4.11.2)."""

    COMMAND = CommandId.ENQUIRE_LINK_RESP
    tlvs: Tlvs = ()


Bind = BindReceiver | BindTransmitter | BindTransceiver
BindResp = BindReceiverResp | BindTransmitterResp | BindTransceiverResp


def make_bind_resp(bind: Bind, system_id: str) -> BindResp:
    """Returns the response that accepts a bind. It has a TLV only for an ESME of version 3.4, which knows TLVs (3.4)."""
    knows_tlvs = bind.interface_version >= INTERFACE_VERSION
    tlvs = (make_integer_tlv(Tag.SC_INTERFACE_VERSION, INTERFACE_VERSION),) if knows_tlvs else ()
    if isinstance(bind, BindReceiver):
        return BindReceiverResp(system_id, tlvs)
    return (
        BindTransmitterResp(system_id, tlvs)
        if isinstance(bind, BindTransmitter)
        else BindTransceiverResp(system_id, tlvs)
    )
