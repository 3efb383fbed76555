"""SMS-DELIVER, from the service centre to us (3GPP TS 23.040 9.2.2.1)."""

from __future__ import annotations

from modemd.errors import DecodeError
from modemd.light_dataclass import dataclass
from modemd.pdu.fast_dataclass import make_constructor
from modemd.pdu.fields.address import Address, read_address
from modemd.pdu.fields.layout import Layout, make_octet_error, make_truncation_error
from modemd.pdu.fields.protocol import replace_type
from modemd.pdu.fields.timestamp import Timestamp, make_timestamp
from modemd.pdu.fields.userdata import UserData, read_user_data
from modemd.pdu.message import Message
from modemd.pdu.text.coding import CODINGS

TYPE = 0
_TYPES = (TYPE, 3)  # 3 is reserved, and to be read as a DELIVER

_NO_MORE, _LOOP, _REPORT, _HEADER, _REPLY_PATH = 0x04, 0x08, 0x20, 0x40, 0x80
# more_to_send, loop_prevention, report_indication, reply_path, by first octet
_FLAGS = tuple(
    (not octet & _NO_MORE, bool(octet & _LOOP), bool(octet & _REPORT), bool(octet & _REPLY_PATH))
    for octet in range(256)
)
_TAIL: Layout = (("TP-PID", 1), ("TP-DCS", 1), ("TP-SCTS", 7), ("TP-UDL", 1))


@dataclass(frozen=True, slots=True)
class Deliver(Message):
    """Inbound message, or one part of it.

    `timestamp` is TP-SCTS, when the service centre received it. `more_to_send` is TP-MMS (on the wire, 0 means more),
    `loop_prevention` TP-LP, `report_indication` TP-SRI, `reply_path` TP-RP.
    """

    originator: Address
    user_data: UserData
    timestamp: Timestamp
    dcs: int = 0
    protocol_id: int = 0
    more_to_send: bool = False
    loop_prevention: bool = False
    report_indication: bool = False
    reply_path: bool = False

    @property
    def replace_type(self) -> int | None:
        """1 to 7 if this replaces an earlier message of the same sender and type (TP-PID 41 to 47); else None."""
        return replace_type(self.protocol_id)

    def encode(self) -> bytes:
        """Returns the TPDU. EncodeError if a field does not fit."""
        first = TYPE if self.more_to_send else _NO_MORE
        if self.loop_prevention:
            first |= _LOOP
        if self.report_indication:
            first |= _REPORT
        if self.user_data.header:
            first |= _HEADER
        if self.reply_path:
            first |= _REPLY_PATH
        try:
            middle = bytes((self.protocol_id, self.dcs))
        except ValueError:
            raise make_octet_error((("TP-PID", self.protocol_id), ("TP-DCS", self.dcs))) from None
        body = self.user_data.encode(CODINGS[self.dcs])
        return bytes((first,)) + self.originator.encode() + middle + self.timestamp.encode() + body

    @classmethod
    def decode(cls, tpdu: bytes) -> Deliver:
        """Decodes a DELIVER; the reserved message type 3 is read as one, too (9.2.3.1).

        DecodeError if a field is missing or wrong; short user data is taken as it is.
        """
        if not tpdu:
            raise DecodeError("TP-MTI", 0, "the PDU is empty")
        first = tpdu[0]
        if first & 3 not in _TYPES:
            raise DecodeError("TP-MTI", 0, f"message type {first & 3} is not SMS-DELIVER")
        originator, at = read_address(tpdu, 1, "TP-OA")
        if at + 9 >= len(tpdu):
            raise make_truncation_error(tpdu, at, _TAIL)
        dcs = tpdu[at + 1]
        user_data = read_user_data(tpdu, at + 9, CODINGS[dcs], first & _HEADER != 0)
        timestamp = make_timestamp(tpdu[at + 2 : at + 9])
        more, loop, report, reply_path = _FLAGS[first]
        return make_deliver(originator, user_data, timestamp, dcs, tpdu[at], more, loop, report, reply_path)


make_deliver = make_constructor(Deliver)
