"""Operations on messages: submit_sm, deliver_sm, data_sm, query_sm and alert_notification (4.4, 4.6, 4.7, 4.8, 4.12)."""

from __future__ import annotations

from modemd.light_dataclass import dataclass
from modemd.smpp.fields import IntegerField, ShortMessageField, StringField
from modemd.smpp.operation import CommandId, Operation
from modemd.smpp.tlvs import Tlvs

_SOURCE = (IntegerField("source_addr_ton"), IntegerField("source_addr_npi"))
_DESTINATION = (IntegerField("dest_addr_ton"), IntegerField("dest_addr_npi"))
_MESSAGE_ID = StringField("message_id", 65)
_MESSAGE = (
    StringField("service_type", 6),
    *_SOURCE,
    StringField("source_addr", 21),
    *_DESTINATION,
    StringField("destination_addr", 21),
    IntegerField("esm_class"),
    IntegerField("protocol_id"),
    IntegerField("priority_flag"),
    StringField("schedule_delivery_time", 17),
    StringField("validity_period", 17),
    IntegerField("registered_delivery"),
    IntegerField("replace_if_present_flag"),
    IntegerField("data_coding"),
    IntegerField("sm_default_msg_id"),
    ShortMessageField("short_message"),
)


@dataclass(frozen=True, slots=True)
class SubmitSm(Operation):
    """submit_sm (4.4.1): a message for the SMSC to send. The times are as :mod:`modemd.smpp.times` writes them; empty: none."""

    COMMAND = CommandId.SUBMIT_SM
    LAYOUT = _MESSAGE

    source_addr: str
    destination_addr: str
    short_message: bytes = b""
    source_addr_ton: int = 0
    source_addr_npi: int = 0
    dest_addr_ton: int = 1
    dest_addr_npi: int = 1
    service_type: str = ""
    esm_class: int = 0
    protocol_id: int = 0
    priority_flag: int = 0
    schedule_delivery_time: str = ""
    validity_period: str = ""
    registered_delivery: int = 0
    replace_if_present_flag: int = 0
    data_coding: int = 0
    sm_default_msg_id: int = 0
    tlvs: Tlvs = ()


@dataclass(frozen=True, slots=True)
class SubmitSmResp(Operation):
    """submit_sm_resp (4.4.2). `message_id`: the SMSC's identifier of the message."""

    COMMAND = CommandId.SUBMIT_SM_RESP
    LAYOUT = (_MESSAGE_ID,)

    message_id: str = ""
    tlvs: Tlvs = ()


@dataclass(frozen=True, slots=True)
class DeliverSm(Operation):
    """deliver_sm (4.6.1): an inbound message, or a receipt. The layout is that of submit_sm; five fields of it are unused."""

    COMMAND = CommandId.DELIVER_SM
    LAYOUT = _MESSAGE

    source_addr: str
    destination_addr: str
    short_message: bytes = b""
    source_addr_ton: int = 1
    source_addr_npi: int = 1
    dest_addr_ton: int = 0
    dest_addr_npi: int = 0
    service_type: str = ""
    esm_class: int = 0
    protocol_id: int = 0
    priority_flag: int = 0
    schedule_delivery_time: str = ""
    validity_period: str = ""
    registered_delivery: int = 0
    replace_if_present_flag: int = 0
    data_coding: int = 0
    sm_default_msg_id: int = 0
    tlvs: Tlvs = ()


@dataclass(frozen=True, slots=True)
class DeliverSmResp(Operation):
    """deliver_sm_resp (4.6.2). `message_id` is unused, so it is empty."""

    COMMAND = CommandId.DELIVER_SM_RESP
    LAYOUT = (_MESSAGE_ID,)

    message_id: str = ""
    tlvs: Tlvs = ()


@dataclass(frozen=True, slots=True)
class DataSm(Operation):
    """data_sm (4.7.1): a message in either direction, whose text is in the TLV message_payload."""

    COMMAND = CommandId.DATA_SM
    LAYOUT = (
        StringField("service_type", 6),
        *_SOURCE,
        StringField("source_addr", 65),
        *_DESTINATION,
        StringField("destination_addr", 65),
        IntegerField("esm_class"),
        IntegerField("registered_delivery"),
        IntegerField("data_coding"),
    )

    source_addr: str
    destination_addr: str
    source_addr_ton: int = 0
    source_addr_npi: int = 0
    dest_addr_ton: int = 0
    dest_addr_npi: int = 0
    service_type: str = ""
    esm_class: int = 0
    registered_delivery: int = 0
    data_coding: int = 0
    tlvs: Tlvs = ()


@dataclass(frozen=True, slots=True)
class DataSmResp(Operation):
    """data_sm_resp (4.7.2)."""

    COMMAND = CommandId.DATA_SM_RESP
    LAYOUT = (_MESSAGE_ID,)

    message_id: str = ""
    tlvs: Tlvs = ()


@dataclass(frozen=True, slots=True)
class QuerySm(Operation):
    """query_sm (4.8.1): asks for the state of a message. The source address must be that of its submit_sm."""

    COMMAND = CommandId.QUERY_SM
    LAYOUT = (_MESSAGE_ID, *_SOURCE, StringField("source_addr", 21))

    message_id: str
    source_addr: str
    source_addr_ton: int = 0
    source_addr_npi: int = 0
    tlvs: Tlvs = ()


@dataclass(frozen=True, slots=True)
class QuerySmResp(Operation):
    """query_sm_resp (4.8.2). `final_date` is empty while the message is not final; `error_code` is the network's."""

    COMMAND = CommandId.QUERY_SM_RESP
    LAYOUT = (_MESSAGE_ID, StringField("final_date", 17), IntegerField("message_state"), IntegerField("error_code"))

    message_id: str
    final_date: str
    message_state: int
    error_code: int
    tlvs: Tlvs = ()


@dataclass(frozen=True, slots=True)
class AlertNotification(Operation):
    """alert_notification (4.12.1): a phone can be reached again. It has no response."""

    COMMAND = CommandId.ALERT_NOTIFICATION
    LAYOUT = (
        *_SOURCE,
        StringField("source_addr", 65),
        IntegerField("esme_addr_ton"),
        IntegerField("esme_addr_npi"),
        StringField("esme_addr", 65),
    )

    source_addr: str
    esme_addr: str
    source_addr_ton: int = 0
    source_addr_npi: int = 0
    esme_addr_ton: int = 0
    esme_addr_npi: int = 0
    tlvs: Tlvs = ()
