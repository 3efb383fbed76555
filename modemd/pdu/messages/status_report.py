"""SMS-STATUS-REPORT: the outcome of a message sent earlier (3GPP TS 23.040 9.2.2.3)."""

from __future__ import annotations

from enum import Enum

from modemd.errors import DecodeError
from modemd.light_dataclass import dataclass
from modemd.pdu.fields.address import Address, read_address
from modemd.pdu.fields.layout import Layout, check_message_type, make_octet_error, make_truncation_error
from modemd.pdu.fields.parameters import NO_PARAMETERS, OptionalParameters, encode_optional, read_optional
from modemd.pdu.fields.timestamp import Timestamp
from modemd.pdu.fields.userdata import UserData, decode_text
from modemd.pdu.text.coding import CODINGS

TYPE = 2

_NO_MORE, _LOOP, _FOR_COMMAND, _HEADER = 0x04, 0x08, 0x20, 0x40
_TAIL: Layout = (("TP-SCTS", 7), ("TP-DT", 7), ("TP-ST", 1))


class Outcome(Enum):
    """Outcome: the kinds of TP-ST (9.2.3.15). UNCONFIRMED: the service centre has done its part, and no phone has confirmed."""

    DELIVERED = "delivered"
    UNCONFIRMED = "unconfirmed"
    TRYING = "trying"
    PERMANENT = "permanent"
    STOPPED = "stopped"


_OUTCOMES = (Outcome.UNCONFIRMED, Outcome.TRYING, Outcome.PERMANENT)


@dataclass(frozen=True, slots=True)
class StatusReport:
    """Status report about a message sent earlier.

    `reference` is the TP-MR of that message, `timestamp` when the service centre accepted it (TP-SCTS), `discharge` when it
    was delivered or last tried (TP-DT), `status` TP-ST. `for_command` is TP-SRQ. The last three fields are present only if
    TP-PI says so.
    """

    reference: int
    recipient: Address
    timestamp: Timestamp
    discharge: Timestamp
    status: int
    more_to_send: bool = False
    loop_prevention: bool = False
    for_command: bool = False
    protocol_id: int | None = None
    dcs: int | None = None
    user_data: UserData | None = None

    @property
    def outcome(self) -> Outcome:
        """Delivered, forwarded or replaced without a receipt (reserved values too), still being tried, failed for good, or given
        up after a temporary error (reserved values too)."""
        if self.status == 0:
            return Outcome.DELIVERED
        group = self.status >> 5
        return _OUTCOMES[group] if group < 3 else Outcome.STOPPED

    @property
    def text(self) -> str | None:
        """The text that some service centres add; None if there is none."""
        return None if self.user_data is None else decode_text(self.user_data, CODINGS[self.dcs or 0])

    def encode(self) -> bytes:
        """Returns the TPDU. EncodeError if a field does not fit."""
        first = TYPE if self.more_to_send else TYPE | _NO_MORE
        if self.loop_prevention:
            first |= _LOOP
        if self.for_command:
            first |= _FOR_COMMAND
        if self.user_data is not None and self.user_data.header:
            first |= _HEADER
        try:
            head = bytes((first, self.reference))
            status = bytes((self.status,))
        except ValueError:
            raise make_octet_error((("TP-MR", self.reference), ("TP-ST", self.status))) from None
        optional = (self.protocol_id, self.dcs, self.user_data)
        tail = b"" if optional == NO_PARAMETERS else encode_optional(*optional)
        return head + self.recipient.encode() + self.timestamp.encode() + self.discharge.encode() + status + tail

    @classmethod
    def decode(cls, tpdu: bytes) -> StatusReport:
        """Decodes a STATUS-REPORT. DecodeError if a field up to TP-ST is missing or wrong.

        The octets after TP-ST are read only if they are complete: SIMs fill their records with FF.
        """
        first = check_message_type(tpdu, TYPE, "SMS-STATUS-REPORT")
        recipient, at = read_address(tpdu, 2, "TP-RA")
        if at + 14 >= len(tpdu):
            raise make_truncation_error(tpdu, at, _TAIL)
        return cls(
            tpdu[1],
            recipient,
            Timestamp(tpdu[at : at + 7]),
            Timestamp(tpdu[at + 7 : at + 14]),
            tpdu[at + 14],
            not first & _NO_MORE,
            first & _LOOP != 0,
            first & _FOR_COMMAND != 0,
            *_read_tail(tpdu, at + 15, first & _HEADER != 0),
        )


def _read_tail(tpdu: bytes, at: int, has_header: bool) -> OptionalParameters:
    if at >= len(tpdu) or tpdu[at] == 0xFF:
        return NO_PARAMETERS
    try:
        return read_optional(tpdu, at, has_header)
    except DecodeError:
        return NO_PARAMETERS
