"""PDUs: header and body, and their frames in a stream of octets (3.2, 5.1).

A read from the connection may have any part of a PDU, or several: :class:`PduStream` finds the frames. A frame whose body is
wrong raises :class:`PduError` with its sequence number, and the stream goes on after it. A length that cannot be right raises
:class:`StreamError`: nobody knows where the next PDU begins, so the connection must be closed.
"""

from __future__ import annotations

from modemd.errors import DecodeError, EncodeError
from modemd.light_dataclass import dataclass
from modemd.smpp.fields import FieldError
from modemd.smpp.message_operations import (
    AlertNotification,
    DataSm,
    DataSmResp,
    DeliverSm,
    DeliverSmResp,
    QuerySm,
    QuerySmResp,
    SubmitSm,
    SubmitSmResp,
)
from modemd.smpp.operation import RESPONSE_BIT, CommandId, Operation
from modemd.smpp.session_operations import (
    BindReceiver,
    BindReceiverResp,
    BindTransceiver,
    BindTransceiverResp,
    BindTransmitter,
    BindTransmitterResp,
    EnquireLink,
    EnquireLinkResp,
    GenericNack,
    Outbind,
    Unbind,
    UnbindResp,
)
from modemd.smpp.statuses import CommandStatus

HEADER_OCTETS = 16
LONGEST_PDU = 64 * 1024
"""Octets of the longest PDU that is accepted. A submit_sm of 3.4 has less than 400 without message_payload."""
LAST_SEQUENCE = 0x7FFFFFFF
"""Highest sequence_number that is given out; the lowest is 1 (5.1.4)."""

_CLASSES: tuple[type[Operation], ...] = (
    *(
        BindReceiver,
        BindReceiverResp,
        BindTransmitter,
        BindTransmitterResp,
        BindTransceiver,
        BindTransceiverResp,
        Outbind,
    ),
    *(Unbind, UnbindResp, GenericNack, EnquireLink, EnquireLinkResp),
    *(SubmitSm, SubmitSmResp, DeliverSm, DeliverSmResp, DataSm, DataSmResp, QuerySm, QuerySmResp, AlertNotification),
)
OPERATIONS: dict[int, type[Operation]] = {each.COMMAND: each for each in _CLASSES}


class StreamError(DecodeError):
    """Stream whose next frame cannot be found: command_length is below 16 or above LONGEST_PDU."""


class PduError(DecodeError):
    """PDU that cannot be read, in a frame that is whole.

    `command_id`, `status` and `sequence` are those of its header. `answer` is the command_status with which a request may be
    answered. `octets`: the whole frame.
    """

    def __init__(self, error: FieldError, octets: bytes) -> None:
        super().__init__(error.field, error.octet + HEADER_OCTETS, error.reason)
        self.octets = octets
        self.command_id, self.status, self.sequence = _read_header(octets)
        self.answer = error.status

    @property
    def is_response(self) -> bool:
        """True if it is a response, which is never answered."""
        return bool(self.command_id & RESPONSE_BIT)


class UnknownOperation(PduError):
    """PDU with a command_id that modemd does not know. A request is answered with generic_nack (3.3, 4.3)."""


@dataclass(frozen=True, slots=True)
class Pdu:
    """PDU. `status` is command_status, 0 in requests. `body` is None in a response without a body, and only there: a response
    with an error may have none (4.4.2), and GenericNack and its like always have one, which is empty."""

    command_id: int
    sequence: int
    status: int = CommandStatus.OK
    body: Operation | None = None

    def encode(self) -> bytes:
        """Returns the whole PDU. EncodeError if a value does not fit its field, or if the PDU is longer than LONGEST_PDU."""
        body = b"" if self.body is None else self.body.encode()
        length = HEADER_OCTETS + len(body)
        if length > LONGEST_PDU:
            raise EncodeError("command_length", f"{length} octets; {LONGEST_PDU} are the most")
        for name, value in (("command_status", self.status), ("sequence_number", self.sequence)):
            if not 0 <= value <= 0xFFFFFFFF:
                raise EncodeError(name, f"{value} does not fit into 4 octets")
        numbers = (length, self.command_id, self.status, self.sequence)
        return b"".join([number.to_bytes(4) for number in numbers]) + body


def make_pdu(body: Operation, sequence: int, status: int = CommandStatus.OK) -> Pdu:
    """Returns a PDU with a body."""
    return Pdu(body.COMMAND, sequence, status, body)


def make_error_response(command_id: int, sequence: int, status: int) -> Pdu:
    """Returns the response with an error, without a body, to a request with this command_id (4.4.2).

    The response to query_sm always has its body (4.8.2); `make_pdu` makes that. An unknown command_id gets generic_nack.
    """
    response = command_id | RESPONSE_BIT
    if response not in OPERATIONS:
        return make_pdu(GenericNack(), sequence, status)
    if response == CommandId.QUERY_SM_RESP:
        return make_pdu(QuerySmResp("", "", 0, 0), sequence, status)
    return Pdu(response, sequence, status)


def decode_pdu(octets: bytes) -> Pdu:
    """Returns the PDU of one whole frame. Raises PduError, UnknownOperation, or StreamError if command_length is wrong.

    Sequence numbers above LAST_SEQUENCE are accepted: some SMSCs count on, and an answer must repeat the number.
    """
    if len(octets) < HEADER_OCTETS or int.from_bytes(octets[:4]) != len(octets):
        raise StreamError("command_length", 0, f"not the {len(octets)} octets of the frame")
    command_id, status, sequence = _read_header(octets)
    operation = OPERATIONS.get(command_id)
    if operation is None:
        reason = f"0x{command_id:08X} is unknown"
        raise UnknownOperation(
            FieldError("command_id", 4 - HEADER_OCTETS, reason, CommandStatus.INVALID_COMMAND_ID), octets
        )
    body = octets[HEADER_OCTETS:]
    if not body and operation.LAYOUT and command_id & RESPONSE_BIT and status != CommandStatus.OK:
        return Pdu(command_id, sequence, status)
    try:
        return Pdu(command_id, sequence, status, operation.decode(body))
    except FieldError as error:
        raise PduError(error, octets) from None


class PduStream:
    """Stream of octets, from which whole frames are taken. It keeps at most one frame that is not whole, besides the last
    octets that were given to it."""

    def __init__(self) -> None:
        self._octets = bytearray()

    def add(self, octets: bytes) -> None:
        """Adds octets as they were read."""
        self._octets += octets

    def take_frame(self) -> bytes | None:
        """Returns the next whole frame, and removes it; None if its octets have not all come. Raises StreamError."""
        buffer = self._octets
        if len(buffer) < 4:
            return None
        length = int.from_bytes(buffer[:4])
        if not HEADER_OCTETS <= length <= LONGEST_PDU:
            raise StreamError("command_length", 0, f"{length} octets; {HEADER_OCTETS} to {LONGEST_PDU} are possible")
        if len(buffer) < length:
            return None
        frame = bytes(buffer[:length])
        del buffer[:length]
        return frame

    def discard(self) -> None:
        """Forgets the octets that are left, after a StreamError."""
        self._octets.clear()

    def __len__(self) -> int:
        """Returns the octets that are kept."""
        return len(self._octets)


def _read_header(octets: bytes) -> tuple[int, ...]:
    """Returns command_id, command_status and sequence_number."""
    return tuple(int.from_bytes(octets[at : at + 4]) for at in (4, 8, 12))
