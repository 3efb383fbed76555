"""SMS-COMMAND: asks the service centre about a message sent earlier, or to delete it (3GPP TS 23.040 9.2.2.4)."""

from __future__ import annotations

from enum import IntEnum

from modemd.errors import DecodeError
from modemd.light_dataclass import dataclass
from modemd.pdu.fields.address import Address, read_address
from modemd.pdu.fields.layout import Layout, check_message_type, make_octet_error, make_truncation_error
from modemd.pdu.fields.userdata import UserData, read_user_data
from modemd.pdu.text.coding import CODINGS, Alphabet, dcs_of

TYPE = 2

_REPORT, _HEADER = 0x20, 0x40
_HEAD: Layout = (("TP-MTI", 1), ("TP-MR", 1), ("TP-PID", 1), ("TP-CT", 1), ("TP-MN", 1))
_OCTETS = CODINGS[dcs_of(Alphabet.DATA8)]
_NO_DATA = UserData(b"")


class CommandType(IntEnum):
    """Commands that have a name (9.2.3.19)."""

    ENQUIRE = 0
    CANCEL_REPORT = 1
    DELETE = 2
    REQUEST_REPORT = 3


@dataclass(frozen=True, slots=True)
class Command:
    """Command to the service centre. `command_type` is TP-CT (an octet; :class:`CommandType` names some), `message_number` TP-MN.

    `data` is TP-CD, as octets. `report_requested` is TP-SRR.
    """

    destination: Address
    command_type: int
    message_number: int = 0
    data: UserData = _NO_DATA
    reference: int = 0
    protocol_id: int = 0
    report_requested: bool = False

    def encode(self) -> bytes:
        """Returns the TPDU. EncodeError if a field does not fit."""
        first = TYPE | (_REPORT if self.report_requested else 0) | (_HEADER if self.data.header else 0)
        try:
            head = bytes((first, self.reference, self.protocol_id, self.command_type, self.message_number))
        except ValueError:
            raise make_octet_error(
                (
                    ("TP-MR", self.reference),
                    ("TP-PID", self.protocol_id),
                    ("TP-CT", self.command_type),
                    ("TP-MN", self.message_number),
                )
            ) from None
        return head + self.destination.encode() + self.data.encode(_OCTETS)

    @classmethod
    def decode(cls, tpdu: bytes) -> Command:
        """Decodes a COMMAND. DecodeError if a field is missing or wrong, or if the command data is cut."""
        first = check_message_type(tpdu, TYPE, "SMS-COMMAND")
        if len(tpdu) < 5:
            raise make_truncation_error(tpdu, 0, _HEAD)
        destination, at = read_address(tpdu, 5, "TP-DA")
        if at >= len(tpdu):
            raise make_truncation_error(tpdu, at, (("TP-CDL", 1),))
        if at + 1 + tpdu[at] > len(tpdu):
            raise DecodeError("TP-CD", len(tpdu), f"the PDU ends within {tpdu[at]} octets of command data")
        return cls(
            destination,
            tpdu[3],
            tpdu[4],
            read_user_data(tpdu, at, _OCTETS, bool(first & _HEADER)),
            tpdu[1],
            tpdu[2],
            bool(first & _REPORT),
        )
