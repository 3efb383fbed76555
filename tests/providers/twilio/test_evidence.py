"""Evidence from Twilio's list: what settles a lost answer, and what must not."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modemd.providers.outcomes import Ambiguous, NoCandidate, Settled, SettledAs
from modemd.providers.twilio.evidence import TwilioAttempt, find_by_list
from modemd.providers.twilio.messages import MessagePage, read_message
from tests.providers.twilio.documents import SID, message

WRITTEN = datetime(2026, 11, 30, 12, 0, 0, 400_000, tzinfo=UTC)
ATTEMPT = TwilioAttempt("+15558675310", "Hello", frozenset({"+15557122661"}), None, WRITTEN, 30.0, segments=1)
OTHER = "SM" + "f" * 32


def at(seconds: float, **changes: Any) -> dict[str, Any]:
    """A message that was made so many seconds after the first octet was written. Twilio tells whole seconds."""
    return message(
        date_created=format_datetime((WRITTEN + timedelta(seconds=seconds)).replace(microsecond=0)), **changes
    )


def page(*documents: dict[str, Any], next_path: str | None = None) -> MessagePage:
    found = [read_message(each) for each in documents]
    return MessagePage(tuple(each for each in found if each is not None), next_path)


def test_one_candidate_settles() -> None:
    """The message is there, once."""
    assert find_by_list(ATTEMPT, page(at(1)), ()) == Settled(SettledAs.SENT, SID)


@pytest.mark.parametrize("status", ["queued", "sending", "sent", "delivered", "undelivered"])
def test_a_message_that_left_counts_as_sent(status: str) -> None:
    """Also if it did not arrive: that is another story."""
    assert find_by_list(ATTEMPT, page(at(1, status=status)), ()) == Settled(SettledAs.SENT, SID)


@pytest.mark.parametrize(("status", "code"), [("failed", 21610), ("failed", None), ("canceled", None)])
def test_a_message_in_the_list_can_have_failed(status: str, code: int | None) -> None:
    """A create that was refused is listed, too."""
    found = find_by_list(ATTEMPT, page(at(1, status=status, error_code=code)), ())
    assert found == Settled(SettledAs.FAILED, SID, str(code) if code else None)


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"to": "+15558675311"}, id="another recipient"),
        pytest.param({"from": "+15550000000"}, id="another sender"),
        pytest.param({"body": "Hello!"}, id="another text"),
        pytest.param({"body": "hello"}, id="other letters"),
        pytest.param({"body": "Hallo"}, id="another text of the same length"),
        pytest.param({"direction": "inbound"}, id="inbound"),
        pytest.param({"direction": "outbound-reply"}, id="a reply by TwiML"),
        pytest.param({"sid": OTHER}, id="of another attempt"),
    ],
)
def test_other_messages_are_no_candidates(changes: dict[str, Any]) -> None:
    """Beside the right one they do not matter; alone they settle nothing."""
    other = at(1, **{"sid": "SM" + "2" * 32, **changes})
    assert find_by_list(ATTEMPT, page(other), {OTHER}) == NoCandidate(is_whole=True)
    assert find_by_list(ATTEMPT, page(other, at(1)), {OTHER}) == Settled(SettledAs.SENT, SID)


@pytest.mark.parametrize(
    ("seconds", "is_found"),
    [(-62, False), (-60, True), (0, True), (30, True), (30 + 599, True), (30 + 602, False), (86400, False)],
)
def test_the_time_must_fit(seconds: float, is_found: bool) -> None:
    """From the clocks' difference before the first octet to ten minutes after the client gave up."""
    assert isinstance(find_by_list(ATTEMPT, page(at(seconds)), ()), Settled) == is_found


def test_a_message_of_the_same_second_fits() -> None:
    """With clocks that agree: Twilio's seconds are cut off."""
    assert isinstance(find_by_list(replace(ATTEMPT, skew_s=0.0), page(at(0)), ()), Settled)


def test_two_candidates_settle_nothing() -> None:
    """The same text twice to one number: which is ours?"""
    assert find_by_list(ATTEMPT, page(at(1), at(2, sid=OTHER)), ()) == Ambiguous((SID, OTHER))
    assert find_by_list(ATTEMPT, page(at(1), at(2, sid=OTHER)), {OTHER}) == Settled(SettledAs.SENT, SID)
    assert find_by_list(ATTEMPT, page(at(1), at(1)), ()) == Settled(SettledAs.SENT, SID)  # a page that has it twice


def test_texts_are_compared_after_normalization() -> None:
    """Composed letters, and blanks at the ends, are the provider's business."""
    for sent, listed in (("Arrêt", "Arre\u0302t"), ("Hello \n", " Hello"), ("ｅ", "ｅ")):
        assert isinstance(find_by_list(replace(ATTEMPT, text=sent), page(at(1, body=listed)), ()), Settled)
    assert find_by_list(replace(ATTEMPT, text="ｅ"), page(at(1, body="e")), ()) == NoCandidate(is_whole=True)


def test_a_rewritten_text_counts_only_where_texts_are_rewritten() -> None:
    """Then length and segments must fit; an equal text comes before one that is alike."""
    smart = replace(ATTEMPT, text="It’s", may_be_rewritten=True)
    rewritten = at(1, body="It's")
    assert find_by_list(smart, page(rewritten), ()) == Settled(SettledAs.SENT, SID)
    assert find_by_list(replace(smart, may_be_rewritten=False), page(rewritten), ()) == NoCandidate(is_whole=True)
    for changes in ({"num_segments": "2"}, {"num_segments": "0"}, {"body": "It's!"}):
        assert find_by_list(smart, page(at(1, **{"body": "It's", **changes})), ()) == NoCandidate(is_whole=True)
    assert find_by_list(replace(smart, segments=None), page(rewritten), ()) == NoCandidate(is_whole=True)
    both = page(rewritten, at(1, body="It’s", sid=OTHER))
    assert find_by_list(smart, both, ()) == Settled(SettledAs.SENT, OTHER)


def test_a_sender_by_which_twilio_replaces_ours() -> None:
    """It counts if it is known; otherwise the message could be of another program."""
    replaced = page(at(1, **{"from": "ACME"}))
    assert find_by_list(ATTEMPT, replaced, ()) == NoCandidate(is_whole=True)
    known = replace(ATTEMPT, senders=ATTEMPT.senders | {"ACME"})
    assert find_by_list(known, replaced, ()) == Settled(SettledAs.SENT, SID)


def test_a_messaging_service_is_known_by_its_sid() -> None:
    """Its sender may not be chosen yet."""
    service = replace(ATTEMPT, senders=frozenset(), service_sid="MG1")
    chosen = page(at(1, messaging_service_sid="MG1", **{"from": None}))
    assert find_by_list(service, chosen, ()) == Settled(SettledAs.SENT, SID)
    assert find_by_list(service, page(at(1)), ()) == NoCandidate(is_whole=True)


def test_a_message_that_is_not_understood_settles_nothing() -> None:
    """A status or a date that nobody can read neither proves nor is overlooked."""
    for unread in (at(1, status="teleported"), message(date_created="?")):
        assert find_by_list(ATTEMPT, page(unread), ()) == Ambiguous((SID,))


def test_absence_needs_the_whole_time() -> None:
    """A page that does not go back far enough says nothing, not even with one candidate."""
    assert find_by_list(ATTEMPT, page(), ()) == NoCandidate(is_whole=True)
    assert find_by_list(ATTEMPT, page(next_path="/2"), ()) == NoCandidate(is_whole=False)
    young = page(at(500, to="+1"), at(20), next_path="/2")
    assert find_by_list(ATTEMPT, young, ()) == NoCandidate(is_whole=False)
    assert find_by_list(ATTEMPT, young.join(page(at(-3600, to="+1"), next_path="/3")), ()) == Settled(
        SettledAs.SENT, SID
    )
    far = page(at(-3600, sid=OTHER), next_path="/2")
    assert find_by_list(ATTEMPT, far, ()) == NoCandidate(is_whole=True)


MESSAGES = st.builds(
    at,
    st.integers(-100, 800),
    sid=st.integers(1, 9).map(lambda number: f"SM{number:032d}"),
    body=st.sampled_from(["Hello", "Hello ", "Bye"]),
    status=st.sampled_from(["queued", "failed", "?"]),
)


@given(
    st.lists(MESSAGES, max_size=6, unique_by=lambda each: str(each["sid"])), st.sets(st.integers(1, 9)), st.randoms()
)
def test_evidence_is_never_shared_and_never_a_guess(documents: list[Any], taken: set[int], random: Any) -> None:
    """A settled id was in the list, is no other attempt's, and is the only one that fits; the order of the list does not
    matter."""
    owned = {f"SM{number:032d}" for number in taken}
    found = find_by_list(ATTEMPT, page(*documents), owned)
    random.shuffle(documents)
    assert find_by_list(ATTEMPT, page(*documents), owned) == found
    fitting = {
        each["sid"]
        for each in documents
        if each["sid"] not in owned
        and each["body"].strip() == "Hello"
        and find_by_list(ATTEMPT, page(each), ()) != NoCandidate(is_whole=True)
    }
    if isinstance(found, Settled):
        assert {found.provider_id} == fitting
    else:
        assert len(fitting) != 1 or isinstance(found, Ambiguous)
