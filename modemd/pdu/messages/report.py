"""SMS-DELIVER-REPORT and SMS-SUBMIT-REPORT: the answers to a DELIVER and a SUBMIT (3GPP TS 23.040 9.2.2.1a, 9.2.2.2a).

Each is part of an acknowledgement or of an error. Only the latter has a cause (TP-FCS). Causes start at 80 hex, which as
TP-PI would announce an extension that has no meaning yet, so the octet itself shows which form it is.
"""

from __future__ import annotations

from modemd.errors import EncodeError
from modemd.light_dataclass import dataclass
from modemd.pdu.fields.layout import check_message_type, make_truncation_error
from modemd.pdu.fields.parameters import encode_optional, read_optional
from modemd.pdu.fields.timestamp import Timestamp
from modemd.pdu.fields.userdata import UserData

DELIVER_REPORT, SUBMIT_REPORT = 0, 1

_HEADER = 0x40


def _head(kind: int, failure: int | None, user_data: UserData | None) -> bytes:
    first = kind | (_HEADER if user_data is not None and user_data.header else 0)
    if failure is None:
        return bytes((first,))
    if not 0x80 <= failure <= 0xFF:
        raise EncodeError("TP-FCS", f"{failure} is not a cause (128 to 255)")
    return bytes((first, failure))


def read_failure(tpdu: bytes) -> tuple[int | None, int]:
    """Returns TP-FCS (None if there is none) and the offset after it. DecodeError if the report ends before it."""
    if len(tpdu) < 2:
        raise make_truncation_error(tpdu, 1, (("TP-PI", 1),))
    return (tpdu[1], 2) if tpdu[1] & 0x80 else (None, 1)


@dataclass(frozen=True, slots=True)
class DeliverReport:
    """Answer of a phone to a DELIVER. `failure` is TP-FCS, 128 to 255; None if the phone accepted the message."""

    failure: int | None = None
    protocol_id: int | None = None
    dcs: int | None = None
    user_data: UserData | None = None

    def encode(self) -> bytes:
        """Returns the TPDU. EncodeError if a field does not fit."""
        head = _head(DELIVER_REPORT, self.failure, self.user_data)
        return head + encode_optional(self.protocol_id, self.dcs, self.user_data)

    @classmethod
    def decode(cls, tpdu: bytes) -> DeliverReport:
        """Decodes a DELIVER-REPORT. DecodeError if a field is missing or wrong."""
        first = check_message_type(tpdu, DELIVER_REPORT, "SMS-DELIVER-REPORT")
        failure, at = read_failure(tpdu)
        return cls(failure, *read_optional(tpdu, at, bool(first & _HEADER)))


@dataclass(frozen=True, slots=True)
class SubmitReport:
    """Answer of the service centre to a SUBMIT or a COMMAND. `timestamp` is when it received that (TP-SCTS)."""

    timestamp: Timestamp
    failure: int | None = None
    protocol_id: int | None = None
    dcs: int | None = None
    user_data: UserData | None = None

    def encode(self) -> bytes:
        """Returns the TPDU: TP-PI comes before TP-SCTS, and what it announces after. EncodeError if a field does not fit."""
        head = _head(SUBMIT_REPORT, self.failure, self.user_data)
        optional = encode_optional(self.protocol_id, self.dcs, self.user_data)
        return head + optional[:1] + self.timestamp.encode() + optional[1:]

    @classmethod
    def decode(cls, tpdu: bytes) -> SubmitReport:
        """Decodes a SUBMIT-REPORT. DecodeError if a field is missing or wrong."""
        first = check_message_type(tpdu, SUBMIT_REPORT, "SMS-SUBMIT-REPORT")
        failure, at = read_failure(tpdu)
        if at + 8 > len(tpdu):
            raise make_truncation_error(tpdu, at, (("TP-PI", 1), ("TP-SCTS", 7)))
        scts = at + 1
        return cls(
            Timestamp(tpdu[scts : scts + 7]), failure, *read_optional(tpdu, at, bool(first & _HEADER), between=7)
        )
