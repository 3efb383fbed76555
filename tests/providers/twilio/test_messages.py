"""Messages of Twilio's API: states, reports, inbound ones and pages."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modemd.providers.outcomes import Price, RefusalClass
from modemd.providers.reports import ProviderInbound, ProviderReport, ReportedState
from modemd.providers.twilio.answers import load_twilio_codes
from modemd.providers.twilio.messages import STATES, ListedMessage, MessagePage, is_sid, read_message, read_page
from modemd.rules.twilio.statuses import TwilioStatus
from tests.providers.twilio.documents import SID, message

CODES = load_twilio_codes()
CREATED = datetime(2023, 8, 24, 5, 1, 45, tzinfo=UTC)


def read(**changes: Any) -> ListedMessage:
    found = read_message(message(**changes))
    assert found is not None
    return found


def test_every_outbound_status_has_a_state() -> None:
    """Those that our own Twilio-shaped API knows, and the older ones."""
    assert set(TwilioStatus) - STATES.keys() == {"received"}


@pytest.mark.parametrize(
    ("status", "code", "state", "refusal"),
    [
        ("accepted", None, "waiting", None),
        ("scheduled", None, "waiting", None),
        ("queued", None, "waiting", None),
        ("sending", None, "sending", None),
        ("sent", None, "sent", None),
        ("delivered", None, "delivered", None),
        ("read", None, "delivered", None),
        ("canceled", None, "cancelled", None),
        ("undelivered", 30001, "undelivered", "again"),
        ("failed", 30002, "failed", "account"),
        ("undelivered", 30003, "undelivered", "again"),
        ("undelivered", 30004, "undelivered", "number"),
        ("undelivered", 30005, "undelivered", "number"),
        ("undelivered", 30006, "undelivered", "number"),
        ("undelivered", 30007, "undelivered", "message"),
        ("undelivered", 30008, "undelivered", "again"),
        ("undelivered", 30017, "undelivered", "again"),
        ("undelivered", 30022, "undelivered", "again"),
        ("undelivered", 30032, "undelivered", "sender"),
        ("undelivered", 30034, "undelivered", "sender"),
        ("failed", 30036, "expired", None),
        ("failed", 14107, "failed", "throttle"),
        ("failed", 21610, "failed", "optout"),
        ("failed", 21211, "failed", "number"),
        ("failed", 39999, "failed", None),
        # What went wrong and was mended is no refusal.
        ("delivered", 30003, "delivered", None),
    ],
)
def test_a_report(status: str, code: int | None, state: str, refusal: str | None) -> None:
    """State and class by the table."""
    report = read(
        status=status, error_code=code, error_message=code and "why", price="-0.1", price_unit="USD"
    ).make_report(CODES)
    assert report == ProviderReport(
        SID,
        ReportedState(state),
        str(code) if code else None,
        RefusalClass(refusal) if refusal else None,
        "why" if code else "",
        1,
        Price(Decimal("0.1"), "USD"),
        "+15557122661",
        at=CREATED,
    )


@pytest.mark.parametrize("changes", [{"status": "teleported"}, {"status": None}, {"direction": "inbound"}])
def test_no_report(changes: dict[str, Any]) -> None:
    """Of a status that nobody knows, and of an inbound message."""
    assert read(**changes).make_report(CODES) is None


def test_an_inbound_message() -> None:
    """It has its text as it is; the time is the one at which Twilio got it."""
    found = read(direction="inbound", status="received", body=" Stop\n", num_media="2", date_sent=None)
    assert found.make_inbound() == ProviderInbound(SID, "+15557122661", "+15558675310", " Stop\n", CREATED, 2)
    assert "Stop" not in repr(found)
    assert read().make_inbound() is None
    assert read(direction="inbound", **{"from": None}).make_inbound() is None


def test_pages_are_joined() -> None:
    """The path of the last page counts."""
    first, second = (
        read_page({"messages": [message(sid=f"SM{number:032d}")], "next_page_uri": path})
        for number, path in ((1, "/2"), (2, None))
    )
    assert first is not None
    assert second is not None
    assert first.next_path == "/2"
    joined = first.join(second)
    assert [each.sid[-1] for each in joined.messages] == ["1", "2"]
    assert joined.next_path is None
    assert read_page({"messages": []}) == MessagePage(())


@given(
    st.dictionaries(st.sampled_from(sorted(message())), st.none() | st.integers() | st.text() | st.lists(st.integers()))
)
def test_any_document_is_a_message_or_none(changes: dict[str, Any]) -> None:
    """Wrong values are missing values; without a SID there is no message."""
    found = read_message(message(**changes))
    assert (found is None) == (not is_sid(found.sid if found else None))
    if found is not None:
        found.make_report(CODES)
        found.make_inbound()


@pytest.mark.parametrize(
    "text", ["", "garbage", "Thu, 99 Aug 2023 05:01:45 +0000", "Thu", "0", "9999-12-31T23:59:59-23:00"]
)
def test_a_date_that_is_none(text: str) -> None:
    """It is missing, and the message is not."""
    assert read(date_created=text).created_at is None
