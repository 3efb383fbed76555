"""Records of the Reports API: states, inbound messages, and the search for a lost answer."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modemd.providers.exchange import AnswerNotUsable, ProviderAnswer
from modemd.providers.outcomes import Ambiguous, NoCandidate, Price, RefusalClass, Settled, SettledAs
from modemd.providers.reports import ProviderInbound, ProviderReport, ReportedState
from modemd.providers.vonage.answers import load_vonage_codes
from modemd.providers.vonage.records import RecordPage, find_by_client_ref, read_records
from modemd.providers.vonage.requests import VonageProduct

CODES = load_vonage_codes()
NEXT = "https://api.nexmo.com/v2/reports/records?cursor=x"


def record(**changes: Any) -> dict[str, Any]:
    return {
        "account_id": "abcd1234",
        "message_id": "u1",
        "client_ref": "m12",
        "direction": "outbound",
        "from": "33700000001",
        "to": "33612345678",
        "status": "delivered",
        "error_code": "0",
        "error_code_description": "Delivered",
        "currency": "EUR",
        "total_price": "0.0333",
        "date_received": "2026-11-30T12:00:00+0000",
        "date_finalized": "2026-11-30T12:00:05+0000",
        **changes,
    }


def read(
    *records: Any, product: VonageProduct = VonageProduct.MESSAGES, next_url: str | None = None, **more: Any
) -> RecordPage:
    links = {"_links": {"next": {"href": next_url}}} if next_url else {}
    document = {"request_status": "SUCCESS", "records": list(records), **links, **more}
    return read_records(ProviderAnswer(200, (), json.dumps(document).encode()), product, CODES)


def test_an_outbound_record() -> None:
    """It brings our name of the attempt back, and the price."""
    (found,) = read(record()).records
    assert found.made_at == datetime(2026, 11, 30, 12, tzinfo=UTC)
    assert found.report == ProviderReport(
        "u1",
        ReportedState.DELIVERED,
        text="Delivered",
        price=Price(Decimal("0.0333"), "EUR"),
        sender_used="+33700000001",
        client_ref="m12",
        at=datetime(2026, 11, 30, 12, 0, 5, tzinfo=UTC),
    )


@pytest.mark.parametrize(
    ("product", "status", "code", "state", "refusal"),
    [
        ("MESSAGES", "submitted", None, "sent", None),
        ("MESSAGES", "delivered", None, "delivered", None),
        ("MESSAGES", "undeliverable", "1240", "undelivered", "number"),
        ("MESSAGES", "rejected", "1120", "failed", "sender"),
        ("MESSAGES", "rejected", "1360", "expired", None),
        ("MESSAGES", "teleported", None, "waiting", None),
        ("SMS", "accepted", None, "sent", None),
        ("SMS", "BUFFERED", None, "sent", None),
        ("SMS", "unknown", None, "sent", None),
        ("SMS", "expired", "1", "expired", None),
        ("SMS", "failed", "9", "undelivered", "optout"),
        ("SMS", "rejected", "6", "failed", "message"),
        ("SMS", "failed", "99", "undelivered", None),
    ],
)
def test_states(product: str, status: str, code: str | None, state: str, refusal: str | None) -> None:
    """Each product has its words; an opt-out is learnt only here."""
    (found,) = read(record(status=status, error_code=code), product=VonageProduct(product)).records
    expected = ReportedState(state), RefusalClass(refusal) if refusal else None
    assert (found.report.state, found.report.refusal) == expected


def test_an_inbound_record() -> None:
    """Numbers get their plus, and the text is as it was."""
    inbound = record(direction="inbound", message_body=" Stop", **{"from": "33612345678", "to": "33700000001"})
    moment = datetime(2026, 11, 30, 12, tzinfo=UTC)
    page = read(inbound)
    assert page.inbound == (ProviderInbound("u1", "+33612345678", "+33700000001", " Stop", moment),)
    assert page.records == ()


def test_ids_without_a_record() -> None:
    """They are named, also if there is no list at all."""
    assert read(ids_not_found="u1,u2").absent_ids == ("u1", "u2")
    document = json.dumps({"ids_not_found": "u1"}).encode()
    assert read_records(ProviderAnswer(200, (), document), VonageProduct.SMS, CODES).absent_ids == ("u1",)


@pytest.mark.parametrize("records", [[{}], [record(message_id=None)], [record(direction="inbound", to=None)], [1]])
def test_what_cannot_be_read_is_not_absent(records: list[Any]) -> None:
    """One record that cannot be read, and the page proves nothing."""
    with pytest.raises(AnswerNotUsable):
        read(*records)


def test_a_refused_search_is_no_empty_one() -> None:
    """Nor is one without a list."""
    for status, body in ((200, b"{}"), (200, b""), (401, b"{}"), (503, b""), (422, b"{}")):
        with pytest.raises(AnswerNotUsable):
            read_records(ProviderAnswer(status, (), body), VonageProduct.SMS, CODES)


@pytest.mark.parametrize(
    ("status", "ending", "code"),
    [
        ("submitted", "sent", None),
        ("delivered", "sent", None),
        ("rejected", "failed", "1120"),
        ("teleported", "sent", None),
    ],
)
def test_our_name_settles(status: str, ending: str, code: str | None) -> None:
    """One id with our client_ref is our message."""
    page = read(record(client_ref="m11", message_id="u0"), record(status=status, error_code="1120"))
    assert find_by_client_ref("m12", page) == Settled(SettledAs(ending), "u1", code)


def test_several_records_of_a_message() -> None:
    """Parts have one id; one that left is enough. Two ids settle nothing."""
    parts = read(record(status="rejected", error_code="6"), record(), product=VonageProduct.SMS)
    assert find_by_client_ref("m12", parts) == Settled(SettledAs.SENT, "u1")
    assert find_by_client_ref("m12", read(record(), record(message_id="u2"))) == Ambiguous(("u1", "u2"))


def test_absence_needs_all_pages() -> None:
    """The search goes on while there is a next page."""
    first, last = read(record(client_ref="m1"), next_url=NEXT), read(record(client_ref=None))
    assert first.next_url == NEXT
    assert find_by_client_ref("m12", first) == NoCandidate(is_whole=False)
    assert find_by_client_ref("m12", first.join(last)) == NoCandidate(is_whole=True)
    assert find_by_client_ref("m12", first.join(read(record()))) == Settled(SettledAs.SENT, "u1")


@given(
    st.dictionaries(st.sampled_from(sorted(record())), st.none() | st.integers() | st.text() | st.lists(st.integers()))
)
def test_any_record_is_read_or_not_usable(changes: dict[str, Any]) -> None:
    """No value raises in another way."""
    try:
        read(record(**changes))
    except AnswerNotUsable:
        return
