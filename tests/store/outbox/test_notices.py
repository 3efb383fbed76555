"""The notice of marketing, from the acceptance of a message to its end."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from modemd.errors import ErrorCode, Refused
from modemd.rules.classes import MessageClass
from modemd.rules.consent.double_opt_in import OptInEvent
from modemd.rules.consent.notice_rules import NoticeRules
from modemd.rules.consent.texts.segments import count_segments
from modemd.rules.consent.texts.texts import Texts
from modemd.rules.sending_rules import SendingRules
from modemd.store import retention
from modemd.store.consent import lists
from modemd.store.consent.ledger import ConsentAction, ConsentEvent
from modemd.store.contacts import erasure
from modemd.store.events import Authorship
from modemd.store.outbox import batches, decisions
from modemd.store.outbox.batches import FileIdentity, FileRow, RowFate
from modemd.store.outbox.outbound_message import OutboundMessage
from modemd.store.queue.outcomes import AttemptResult
from modemd.store.retention import RetentionAges
from tests.store.bench import ALICE, Bench

AMERICAN = "+12025550123"
NOTICE = "\nReply STOP to opt out"
LONGEST = 3
"""Parts that a text may have here."""


def count_parts(text: str) -> int:
    if (parts := count_segments(text)) > LONGEST:
        raise Refused(ErrorCode.BAD_TEXT, "too long")
    return parts


@pytest.fixture(autouse=True)
def _noticing(bench: Bench) -> None:
    bench.rules = SendingRules(notices=NoticeRules(count_parts, Texts.load(), brand="Acme"))


def offer(bench: Bench, text: str = "Sale", **more: Any) -> int:
    return bench.submit(AMERICAN, MessageClass.MARKETING, text=text, parts=count_segments(text), **more)


def sent_text(bench: Bench, message: int) -> str:
    return str(bench.message(message)["text"])


def test_the_first_offer_has_the_notice(bench: Bench) -> None:
    """Its text and parts are those that are sent; the submitted text is kept beside it, and the event says what was added."""
    row = bench.message(offer(bench, "x" * 150))
    assert (row["text"], row["parts"], row["has_notice"]) == ("x" * 150 + NOTICE, 2, 1)
    assert row["submitted_text"] == "x" * 150
    assert bench.parts(row["id"]) == ["queued"] * 2
    (detail,) = bench.db.execute("SELECT detail FROM event WHERE message_id = ?", (row["id"],)).fetchone()
    assert json.loads(detail)["added"] == "notice"


@pytest.mark.parametrize("message_class", [each for each in MessageClass if each is not MessageClass.MARKETING])
def test_nothing_else_has_a_notice(bench: Bench, message_class: MessageClass) -> None:
    """Only marketing is changed."""
    row = bench.message(bench.submit(ALICE, message_class, text="Sale"))
    assert (row["text"], row["submitted_text"], row["has_notice"]) == ("Sale", None, 0)


def test_an_offer_has_it_once_the_network_took_one(bench: Bench) -> None:
    """Two that are accepted before the first is sent both have it; the third has none."""
    first, second = offer(bench), offer(bench, "More")
    bench.send()
    third = offer(bench, "Last")
    assert [sent_text(bench, each) for each in (first, second, third)] == ["Sale" + NOTICE, "More" + NOTICE, "Last"]
    assert bench.message(third)["submitted_text"] is None


@pytest.mark.parametrize("result", [AttemptResult.REFUSED, AttemptResult.UNKNOWN, AttemptResult.WITHDRAWN])
def test_what_the_network_did_not_take_tells_nobody(bench: Bench, result: AttemptResult) -> None:
    """A message that was refused, or whose outcome is unknown, may have reached nobody: the next one has the notice again."""
    offer(bench)
    bench.close(bench.claimed(), result)
    assert sent_text(bench, offer(bench, "More")) == "More" + NOTICE


def test_half_a_message_tells_nobody(bench: Bench) -> None:
    """The notice is at the end: it counts when the last part was accepted."""
    offer(bench, "x" * 150)
    bench.send()
    assert offer_has_notice(bench)
    bench.send()
    assert not offer_has_notice(bench)


def offer_has_notice(bench: Bench) -> bool:
    return sent_text(bench, offer(bench, "More")) == "More" + NOTICE


def test_a_notice_of_their_own_counts(bench: Bench) -> None:
    """A text that says itself how to end it is not changed, and the next one needs nothing."""
    row = bench.message(offer(bench, "Sale. Reply STOP to end"))
    assert (row["text"], row["submitted_text"], row["has_notice"]) == ("Sale. Reply STOP to end", None, 1)
    bench.send()
    assert not offer_has_notice(bench)


def test_an_opt_in_begins_anew(bench: Bench) -> None:
    """The first offer after each START has the notice again."""
    offer(bench)
    bench.send()
    bench.says(AMERICAN)
    bench.passes(minutes=1)
    bench.says(AMERICAN, opts_in=True)
    assert offer_has_notice(bench)


@pytest.mark.parametrize("list_name", [None, "promo"])
def test_a_confirmed_opt_in_begins_anew(bench: Bench, list_name: str | None) -> None:
    """For all marketing, or for a list."""
    offer(bench)
    bench.send()
    assert not offer_has_notice(bench)
    entry = ConsentEvent(AMERICAN, ConsentAction.OPT_IN, "form", list_name=list_name)
    lists.change(bench.db, OptInEvent.RECORDED, entry, bench.now)
    assert offer_has_notice(bench)


def test_a_key_is_for_the_submitted_text(bench: Bench) -> None:
    """The same text with the same key is a repetition, whatever was added; another is not."""
    first = offer(bench, key="k")
    assert offer(bench, key="k") == first
    with pytest.raises(Refused, match="key 'k' belongs to message"):
        offer(bench, "Sale" + NOTICE, key="k")


def test_who_has_opted_out_gets_no_notice(bench: Bench) -> None:
    """A refused message is stored as it was submitted."""
    bench.says(AMERICAN)
    row = bench.message(offer(bench))
    assert (row["state"], row["text"], row["has_notice"]) == ("refused", "Sale", 0)


def test_without_rules_nothing_is_added(bench: Bench) -> None:
    """The configuration switches it off."""
    bench.rules = SendingRules()
    assert sent_text(bench, offer(bench)) == "Sale"


def stage(bench: Bench, text: str, key: str | None = None) -> tuple[int, tuple[batches.JudgedRow, ...]]:
    new = OutboundMessage(
        AMERICAN, text, MessageClass.MARKETING, count_segments(text), bench.now + timedelta(days=1), key=key
    )
    batch = batches.begin_staging(bench.db, FileIdentity(None, b"digest"), bench.now)
    found = batches.stage_rows(bench.db, batch, [FileRow(2, new)], bench.rules, lambda at, now: None, bench.now)
    batches.accept_batch(bench.db, batch, bench.now)
    return batch, found


def test_a_batch_is_judged_with_its_notices(bench: Bench) -> None:
    """What is told of a row is what becomes of it; a key of it is for the text of the file."""
    batch, (judged,) = stage(bench, "x" * 150, key="k")
    assert (judged.fate, judged.final.parts, judged.final.text) == (RowFate.SENT, 2, "x" * 150 + NOTICE)
    batches.promote(bench.db, batch, bench.rules, bench.now, 50)
    row = bench.message(1)
    assert (row["parts"], row["text"], row["submitted_text"]) == (2, judged.final.text, "x" * 150)
    assert offer(bench, "x" * 150, key="k") == 1


def test_a_text_that_its_notice_makes_too_long_is_refused(bench: Bench) -> None:
    """As any text that is too long: nothing is stored, and of a file the line is named."""
    text = "x" * 450
    with pytest.raises(Refused, match=r"^too long"):
        offer(bench, text)
    with pytest.raises(Refused, match=r"^line 2: too long"):
        stage(bench, text)
    assert bench.db.execute("SELECT count(*) FROM message").fetchone()[0] == 0


def test_a_row_that_becomes_too_long_later_holds_up_nobody(bench: Bench) -> None:
    """If the notice became due after the file was accepted, the row is refused, and the batch goes on."""
    offer(bench)
    bench.send()
    batch, _ = stage(bench, "x" * 450)
    lists.forget_notice(bench.db, AMERICAN)
    batches.promote(bench.db, batch, bench.rules, bench.now, 50)
    row = bench.message(2)
    assert (row["state"], row["reason"], row["text"]) == ("refused", "too_long", "x" * 450)


def test_a_message_that_is_sent_again_has_one_notice(bench: Bench) -> None:
    """`resend` adds none to the one that is there."""
    first = offer(bench)
    bench.close(bench.claimed(), AttemptResult.REFUSED)
    again = decisions.resend(
        bench.db, first, Authorship("ann", "once more"), lambda _: timedelta(hours=1), bench.rules, bench.now
    )
    assert sent_text(bench, again.id) == "Sale" + NOTICE


def test_the_submitted_text_goes_with_the_text(bench: Bench) -> None:
    """Retention blanks both."""
    message = offer(bench)
    bench.close(bench.claimed(), AttemptResult.REFUSED)
    never, day = timedelta.max, timedelta(days=1)
    bench.passes(days=2)
    assert retention.run_step(bench.db, RetentionAges(day, never, never, never, never), bench.now) == 1
    assert (bench.message(message)["text"], bench.message(message)["submitted_text"]) == ("", None)


def test_an_erased_message_has_no_words_left(bench: Bench) -> None:
    """Neither its texts nor the answers that it asked for."""
    message = bench.submit(AMERICAN, MessageClass.MARKETING, text="Sale", answers=("YES",))
    bench.close(bench.claimed(), AttemptResult.REFUSED)
    erasure.erase_step(bench.db, [AMERICAN], [AMERICAN], bench.now)
    row = bench.message(message)
    assert (row["text"], row["submitted_text"], row["answers"]) == ("", None, None)
