"""Records of Vonage's Reports API: what became of outbound messages, inbound ones, and the search for a lost answer."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from modemd.light_dataclass import dataclass
from modemd.providers.codes import CodeTable
from modemd.providers.documents import (
    Document,
    find_object,
    find_text,
    list_objects,
    make_price,
    parse_moment,
)
from modemd.providers.exchange import AnswerNotUsable, ProviderAnswer
from modemd.providers.outcomes import Ambiguous, NoCandidate, SearchResult, Settled, SettledAs
from modemd.providers.reports import ProviderInbound, ProviderReport, ReportedState
from modemd.providers.vonage.answers import read_lookup
from modemd.providers.vonage.numbers import with_plus
from modemd.providers.vonage.requests import VonageProduct
from modemd.providers.vonage.states import MESSAGES_STATES, SMS_STATES, classify

_STATES = {VonageProduct.MESSAGES: MESSAGES_STATES, VonageProduct.SMS: SMS_STATES}
_SECTIONS = {VonageProduct.MESSAGES: "messages", VonageProduct.SMS: "receipts"}


@dataclass(frozen=True, slots=True)
class VonageRecord:
    """Record of an outbound message. `report`: what it says; its state is WAITING if its word is not known."""

    report: ProviderReport
    made_at: datetime | None


@dataclass(frozen=True, slots=True)
class RecordPage:
    """Page of records. `next_url`: of the next page, None if there is none; `absent_ids`: those that were asked for, and have no
    record."""

    records: tuple[VonageRecord, ...] = ()
    inbound: tuple[ProviderInbound, ...] = ()
    next_url: str | None = None
    absent_ids: tuple[str, ...] = ()

    def join(self, following: RecordPage) -> RecordPage:
        """Returns this page and the one behind it as one."""
        return RecordPage(
            (*self.records, *following.records),
            (*self.inbound, *following.inbound),
            following.next_url,
            (*self.absent_ids, *following.absent_ids),
        )


def read_records(answer: ProviderAnswer, product: VonageProduct, codes: CodeTable) -> RecordPage:
    """Returns a page of records. Raises AnswerNotUsable, also if one of them cannot be read: nothing may be taken for absent
    that was there."""
    document = read_lookup(answer, codes)
    found = list_objects(document, "records")
    absent = tuple(filter(None, (find_text(document, "ids_not_found") or "").split(",")))
    if found is None and not absent:
        raise AnswerNotUsable("the records cannot be read")
    next_url = find_text(find_object(find_object(document, "_links"), "next"), "href")
    outbound = [each for each in found or () if find_text(each, "direction") != "inbound"]
    inbound = [_read_inbound(each) for each in found or () if find_text(each, "direction") == "inbound"]
    return RecordPage(
        tuple(_read_outbound(each, product, codes) for each in outbound), tuple(inbound), next_url, absent
    )


def find_by_client_ref(client_ref: str, page: RecordPage) -> SearchResult:
    """Returns what records of the time of a send say of an attempt. While they are not whole, the search goes on with the next
    page (`RecordPage.join`). Several records of one id are the parts of one message."""
    own = [each.report for each in page.records if each.report.client_ref == client_ref]
    ids = {each.provider_id for each in own}
    if len(ids) > 1:
        return Ambiguous(tuple(sorted(ids)))
    if not own:
        return NoCandidate(page.next_url is None)
    states: Collection[ReportedState] = {each.state for each in own}
    # One part that has left is enough: the message counts as sent.
    has_failed = states == {ReportedState.FAILED}
    ending = SettledAs.FAILED if has_failed else SettledAs.SENT
    return Settled(ending, own[0].provider_id, own[0].code if has_failed else None)


def _read_outbound(record: Document, product: VonageProduct, codes: CodeTable) -> VonageRecord:
    id = _find_id(record)
    word = (find_text(record, "status") or "").lower()
    code = find_text(record, "error_code")
    code = None if code == "0" else code
    state = _STATES[product].get(word, ReportedState.WAITING)
    state, refusal = classify(state, code, _SECTIONS[product], codes)
    sender = find_text(record, "from")
    report = ProviderReport(
        id,
        state,
        code,
        refusal,
        find_text(record, "error_code_description") or "",
        price=make_price(record.get("total_price"), record.get("currency")),
        sender_used=with_plus(sender) if sender is not None else None,
        client_ref=find_text(record, "client_ref"),
        at=parse_moment(find_text(record, "date_finalized")),
    )
    return VonageRecord(report, parse_moment(find_text(record, "date_received")))


def _read_inbound(record: Document) -> ProviderInbound:
    id, sender, recipient = _find_id(record), find_text(record, "from"), find_text(record, "to")
    if sender is None or recipient is None:
        raise AnswerNotUsable("a record of an inbound message has no sender, or no recipient")
    text = find_text(record, "message_body") or ""
    moment = parse_moment(find_text(record, "date_received"))
    return ProviderInbound(id, with_plus(sender), with_plus(recipient), text, moment)


def _find_id(record: Document) -> str:
    id = find_text(record, "message_id") or find_text(record, "message_uuid")
    if id is None:
        raise AnswerNotUsable("a record has no message_id")
    return id
