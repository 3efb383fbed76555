"""Messages that the centre has taken, and their receipts (SMPP 3.4, appendix B; 5.2.28)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from modemd.emulator.network.message_fates import FIRST_PERMANENT_ERROR, FIRST_TEMPORARY_ERROR
from modemd.emulator.network.service_centre import DELETED, EXPIRED
from modemd.emulator.smpp.settings import CentreSettings, write_id
from modemd.smpp.message_operations import DeliverSm, SubmitSm
from modemd.smpp.receipts import SmscState
from modemd.smpp.tlvs import Tag, Tlvs, find_integer, make_integer_tlv, make_string_tlv

RECEIPT, INTERMEDIATE = 0x04, 0x20
"""Types of deliver_sm in esm_class (5.2.12)."""

FINAL_ALWAYS, FINAL_IF_FAILED, INTERMEDIATE_TOO = 0x01, 0x02, 0x10
"""Bits of registered_delivery (5.2.17)."""

_WORDS = {
    SmscState.ENROUTE: "ENROUTE",
    SmscState.DELIVERED: "DELIVRD",
    SmscState.EXPIRED: "EXPIRED",
    SmscState.DELETED: "DELETED",
    SmscState.UNDELIVERABLE: "UNDELIV",
}
_LONGEST_TEXT = 20  # characters of the message in a receipt


@dataclass(slots=True)
class SubmittedMessage:
    """Message that the centre has taken. `number`: its identifier; `parts`: those that phones get; `states`: of the parts that
    have ended, and `final_at`: when the last of them did."""

    number: int
    system_id: str
    body: SubmitSm
    taken_at: datetime
    text: str
    parts: int
    states: list[SmscState] = field(default_factory=list)
    final_at: datetime | None = None

    @property
    def state(self) -> SmscState:
        """The state of the whole message: the worst one of its parts, as soon as all have ended."""
        if self.final_at is None:
            return SmscState.ENROUTE
        return max(self.states, key=lambda state: state is not SmscState.DELIVERED)

    def wants_receipt(self, state: SmscState) -> bool:
        """Returns whether its sender has asked to be told of a state."""
        asked = self.body.registered_delivery
        if not state.is_final:
            return bool(asked & INTERMEDIATE_TOO)
        return asked & 0x03 == FINAL_ALWAYS or (asked & 0x03 == FINAL_IF_FAILED and state is not SmscState.DELIVERED)


def find_state(status: int) -> SmscState:
    """Returns the state that a TP-Status means (3GPP TS 23.040 9.2.3.15)."""
    if status < FIRST_TEMPORARY_ERROR:
        return SmscState.DELIVERED
    if status < FIRST_PERMANENT_ERROR:
        return SmscState.ENROUTE
    return {EXPIRED: SmscState.EXPIRED, DELETED: SmscState.DELETED}.get(status, SmscState.UNDELIVERABLE)


def make_receipt(
    message: SubmittedMessage, state: SmscState, at: datetime, settings: CentreSettings, *, number: int | None = None
) -> DeliverSm:
    """Returns the receipt of a message: from its recipient to its sender. `at`: the time of the centre, with its zone; `number`:
    another identifier, for a foreign receipt."""
    id = write_id(message.number if number is None else number, settings.id_form, in_receipt=True)
    delivered = sum(each is SmscState.DELIVERED for each in message.states)
    submitted_at = message.taken_at.astimezone(at.tzinfo)
    text = (
        f"id:{id} sub:{message.parts:03} dlvrd:{delivered:03} submit date:{submitted_at:%y%m%d%H%M} "
        f"done date:{at:%y%m%d%H%M} stat:{_WORDS[state]} err:{0 if state is SmscState.DELIVERED else 1:03} "
        f"text:{message.text[:_LONGEST_TEXT]}"
    )
    body = message.body
    return DeliverSm(
        source_addr=body.destination_addr,
        source_addr_ton=body.dest_addr_ton,
        source_addr_npi=body.dest_addr_npi,
        destination_addr=body.source_addr,
        dest_addr_ton=body.source_addr_ton,
        dest_addr_npi=body.source_addr_npi,
        esm_class=RECEIPT if state.is_final else INTERMEDIATE,
        short_message=text.encode("ascii", "replace"),
        tlvs=_make_tlvs(body, id, state) if settings.has_receipt_tlvs else (),
    )


def _make_tlvs(body: SubmitSm, id: str, state: SmscState) -> Tlvs:
    tlvs = (make_string_tlv(Tag.RECEIPTED_MESSAGE_ID, id), make_integer_tlv(Tag.MESSAGE_STATE, state))
    reference = find_integer(body.tlvs, Tag.USER_MESSAGE_REFERENCE)
    return tlvs if reference is None else (*tlvs, make_integer_tlv(Tag.USER_MESSAGE_REFERENCE, reference))
