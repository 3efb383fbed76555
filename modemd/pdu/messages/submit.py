"""SMS-SUBMIT, from us to the service centre (3GPP TS 23.040 9.2.2.2)."""

from __future__ import annotations

from modemd.light_dataclass import dataclass
from modemd.pdu.fast_dataclass import make_constructor
from modemd.pdu.fields.address import Address, read_address
from modemd.pdu.fields.layout import Layout, check_message_type, make_octet_error, make_truncation_error
from modemd.pdu.fields.userdata import UserData, read_user_data
from modemd.pdu.fields.validity import OCTETS, Validity, read_validity
from modemd.pdu.message import Message
from modemd.pdu.text.coding import CODINGS

TYPE = 1

_REJECT_DUPLICATES, _REPORT, _HEADER, _REPLY_PATH = 0x04, 0x20, 0x40, 0x80
_TAILS: dict[int, Layout] = {
    bits: (("TP-PID", 1), ("TP-DCS", 1), ("TP-VP", octets), ("TP-UDL", 1)) for bits, octets in OCTETS.items()
}


@dataclass(frozen=True, slots=True)
class Submit(Message):
    """Outbound message, or one part of it.

    `reference` is TP-MR; a modem sets its own, so 0 is enough. `dcs` is TP-DCS, `protocol_id` TP-PID, both octets.
    `report_requested` is TP-SRR, `reject_duplicates` TP-RD, `reply_path` TP-RP.
    """

    destination: Address
    user_data: UserData
    dcs: int = 0
    reference: int = 0
    protocol_id: int = 0
    validity: Validity | None = None
    report_requested: bool = False
    reject_duplicates: bool = False
    reply_path: bool = False

    def encode(self) -> bytes:
        """Returns the TPDU, whose length is the `n` of `AT+CMGS=n`. EncodeError if a field does not fit."""
        validity = self.validity
        first = TYPE if validity is None else TYPE | validity.bits
        if self.reject_duplicates:
            first |= _REJECT_DUPLICATES
        if self.report_requested:
            first |= _REPORT
        if self.user_data.header:
            first |= _HEADER
        if self.reply_path:
            first |= _REPLY_PATH
        try:
            head = bytes((first, self.reference))
            middle = bytes((self.protocol_id, self.dcs))
        except ValueError:
            raise make_octet_error(
                (("TP-MR", self.reference), ("TP-PID", self.protocol_id), ("TP-DCS", self.dcs))
            ) from None
        if validity is not None:
            middle += validity.encode()
        return head + self.destination.encode() + middle + self.user_data.encode(CODINGS[self.dcs])

    @classmethod
    def decode(cls, tpdu: bytes) -> Submit:
        """Decodes a SUBMIT. DecodeError if a field is missing or wrong; short user data is taken as it is."""
        first = check_message_type(tpdu, TYPE, "SMS-SUBMIT")
        destination, at = read_address(tpdu, 2, "TP-DA")
        bits = first & 0x18
        length_at = at + 2 + OCTETS[bits]
        if length_at >= len(tpdu):
            raise make_truncation_error(tpdu, at, _TAILS[bits])
        dcs = tpdu[at + 1]
        return make_submit(
            destination,
            read_user_data(tpdu, length_at, CODINGS[dcs], first & _HEADER != 0),
            dcs,
            tpdu[1],
            tpdu[at],
            read_validity(bits, tpdu[at + 2 : length_at]),
            first & _REPORT != 0,
            first & _REJECT_DUPLICATES != 0,
            first & _REPLY_PATH != 0,
        )


make_submit = make_constructor(Submit)
