"""Double opt-in: who is asked, and what counts as yes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from modemd.config import Settings
from modemd.errors import ErrorCode, Refused
from modemd.rules.classes import MessageClass
from modemd.rules.consent.policy import Marketing
from modemd.rules.sending_rules import SendingRules
from modemd.service.consent.double_opt_in import (
    DoubleOptIn,
    OptInOrder,
    OptInOutcome,
    OptInRequest,
    OptInResult,
    OwnWord,
    find_next_due,
)
from modemd.store.consent import lists, opt_in_requests, statements
from tests.store.bench import ALICE, BOB, EAST, WEST, Bench

LISTS: dict[str, dict[str, Any]] = {
    "promo": {
        "title": "Weekly offers",
        "join": ["PROMO"],
        "double_opt_in": True,
        "frequency": "2 a month",
        "language": "fr",
    },
    "news": {"title": "News", "join": ["NEWS"], "frequency": "daily"},
    "bare": {"title": "Something", "join": ["BARE"], "double_opt_in": True},
}


class OptInBench(Bench):
    """A database with double opt-in over it."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.opt_in = self.configured()

    def configured(self, **double_opt_in: Any) -> DoubleOptIn:
        consent = {"lists": LISTS, "double_opt_in": double_opt_in}
        values = {"database": "/modemd.db", "brand": "Chez Paul", "consent": consent}
        return DoubleOptIn(Settings.model_validate(values), SendingRules())

    def ask(self, list_name: str | None = "promo", number: str = ALICE, **more: Any) -> OptInRequest:
        order = OptInOrder(number, list_name, "form", evidence="form 17", actor="anna", **more)
        return self.opt_in.request(self.db, order, self.now)

    def refusal(self, list_name: str | None = "promo", **more: Any) -> ErrorCode:
        with pytest.raises(Refused) as refused:
            self.ask(list_name, **more)
        return ErrorCode(refused.value.code)

    def word(self, sim: str = WEST, stated_at: datetime | None = None, text: str = "YES") -> OwnWord:
        inbox_id = self.db.execute(
            """INSERT INTO inbox (sender, to_sim, text, kind, sent_at, stored_at, parts, total, complete)
               VALUES (?, ?, ?, 'text', NULL, ?, 1, 1, 1)""",
            (ALICE, sim, text, self.now.isoformat()),
        ).lastrowid
        assert inbox_id is not None
        return OwnWord(ALICE, sim, text, inbox_id, stated_at or self.now, "en")

    def confirm(self, sim: str = WEST, stated_at: datetime | None = None, **more: Any) -> OptInResult:
        return self.opt_in.confirm(self.db, self.word(sim, stated_at), self.now, **more)

    def join(self, list_name: str, stated_at: datetime | None = None, **more: Any) -> OptInResult:
        return self.opt_in.join(self.db, list_name, self.word(stated_at=stated_at, text="JOIN"), self.now, **more)

    def list_state(self, list_name: str = "promo") -> Marketing:
        return lists.read_state(self.db, ALICE, list_name)

    def ledger(self) -> list[tuple[str, str | None]]:
        return [tuple(row) for row in self.db.execute("SELECT action, list FROM consent_event ORDER BY id")]


@pytest.fixture
def b(tmp_path: Path) -> Iterator[OptInBench]:
    bench = OptInBench(tmp_path / "modemd.db")
    yield bench
    bench.db.close()


# Requests


def test_a_request_names_who_asks_what_how_often_and_how_to_refuse(b: OptInBench) -> None:
    """It is a message of the system, not marketing; the contact is pending, and the ledger has the very words."""
    asked = b.ask(shown="the box on the form", language="en")
    message = b.message(asked.message.id)
    assert (message["class"], message["state"], message["number"]) == ("system", "queued", ALICE)
    assert all(word in message["text"] for word in ("Chez Paul", "Weekly offers", "2 a month", "STOP", "YES"))
    assert b.list_state() is Marketing.PENDING
    row = b.db.execute("SELECT * FROM consent_event").fetchone()
    assert (row["action"], row["list"], row["channel"], row["actor"]) == ("request", "promo", "form", "anna")
    assert (row["wording"], row["messages"]) == (message["text"], f"[{asked.message.id}]")
    assert row["evidence"] == "form 17; shown there: the box on the form"
    assert row["wording_version"]
    assert row["wording_language"] == "en"


def test_the_language_is_the_orders_else_the_contacts_else_the_lists(b: OptInBench) -> None:
    """The last of them is French here."""
    b.ask(number=BOB)
    assert b.db.execute("SELECT wording_language FROM consent_event").fetchone()[0] == "fr"
    b.says(ALICE)
    b.passes(minutes=1)
    b.says(ALICE, opts_in=True)
    b.ask()
    language = b.db.execute(
        "SELECT wording_language FROM consent_event WHERE number = ? AND action = 'request'", (ALICE,)
    )
    assert language.fetchone()[0] == "en"


def test_a_request_waits_until_it_may_be_sent(b: OptInBench) -> None:
    """Its time to answer is counted from then."""
    morning = b.now + timedelta(hours=10)
    asked = b.ask(not_before=morning)
    assert (b.state(asked.message.id), b.message(asked.message.id)["at"]) == (
        "held",
        "2026-11-22T22:00:00.000000+00:00",
    )
    request = opt_in_requests.find(b.db, ALICE, "promo")
    assert request is not None
    assert request.expires_at == morning + timedelta(days=30)


@pytest.mark.parametrize("list_name", ["promo", None])
def test_nobody_is_asked_after_an_opt_out(b: OptInBench, list_name: str | None) -> None:
    """From this list, or from everything."""
    b.says(ALICE, list_name=list_name)
    assert b.refusal() is ErrorCode.OPTED_OUT


def test_nobody_is_asked_twice(b: OptInBench) -> None:
    """Not while a request is open, and not after it was answered."""
    b.ask()
    assert b.refusal() is ErrorCode.ALREADY_PENDING
    b.send()
    b.confirm()
    assert b.refusal() is ErrorCode.ALREADY_OPTED_IN


def test_a_request_that_reached_nobody_may_be_made_again(b: OptInBench) -> None:
    """At once: it was not the person who did not answer."""
    first = b.ask()
    b.passes(days=3, seconds=1)
    b.expire()
    assert b.state(first.message.id) == "expired"
    assert b.state(b.ask().message.id) == "queued"
    assert [action for action, _ in b.ledger()] == ["request", "expire", "request"]


def test_after_an_expiry_there_is_a_month_of_silence(b: OptInBench) -> None:
    """Unless the person asks for it."""
    b.ask()
    b.send()
    b.passes(days=30)
    b.opt_in.expire_due(b.db, b.now)
    assert b.refusal() is ErrorCode.ASKED_LATELY
    assert b.join("promo").outcome is OptInOutcome.REQUESTED
    b.passes(days=60)
    b.opt_in.expire_due(b.db, b.now)
    b.passes(days=30)
    b.ask()


@pytest.mark.parametrize(
    ("list_name", "names"), [("bare", "consent.lists.bare.frequency"), (None, "double_opt_in.title")]
)
def test_a_request_that_cannot_say_what_it_must_is_refused(b: OptInBench, list_name: str | None, names: str) -> None:
    """The error names the setting; nothing is stored."""
    with pytest.raises(Refused, match=names) as refused:
        b.ask(list_name)
    assert refused.value.code is ErrorCode.NEEDS_SETTING
    assert b.ledger() == []


def test_an_unknown_list_is_refused(b: OptInBench) -> None:
    """It has a name of its own in the errors."""
    assert b.refusal("other") is ErrorCode.UNKNOWN_LIST


def test_a_request_may_be_about_all_marketing(b: OptInBench) -> None:
    """The contact itself is pending then."""
    b.opt_in = b.configured(title="Offers", frequency="weekly")
    b.ask(None)
    assert statements.read_marketing(b.db, ALICE) is Marketing.PENDING
    b.send()
    assert b.confirm().outcome is OptInOutcome.SUBSCRIBED
    assert statements.read_marketing(b.db, ALICE) is Marketing.OPTED_IN


def test_one_refusal_of_many_requests_is_told_and_stops_none(b: OptInBench) -> None:
    """For an import: each number gets its own answer."""
    b.says(ALICE)
    orders = [OptInOrder(number, "promo", "import", evidence="list.csv", actor="anna") for number in (ALICE, BOB)]
    first, second = (b.opt_in.try_request(b.db, order, b.now) for order in orders)
    assert isinstance(first, Refused)
    assert isinstance(second, OptInRequest)


# Confirmations


def test_yes_subscribes_who_was_asked(b: OptInBench) -> None:
    """With a welcome from the same SIM, and the ids of the request in the ledger."""
    asked = b.ask()
    b.send()
    b.passes(minutes=5)
    result = b.confirm()
    assert (result.outcome, result.list_name, b.list_state()) == (OptInOutcome.SUBSCRIBED, "promo", Marketing.OPTED_IN)
    assert result.message is not None
    assert b.message(result.message.id)["pinned"] == WEST
    assert f"You will now get {b.opt_in.settings.consent.lists['promo'].title}." in b.message(result.message.id)["text"]
    row = b.db.execute("SELECT * FROM consent_event WHERE action = 'confirm'").fetchone()
    assert (row["messages"], row["word"], row["list"], row["sender"]) == (f"[{asked.message.id}]", "YES", "promo", WEST)
    assert b.confirm().outcome is OptInOutcome.NOT_ASKED


def test_yes_from_somebody_who_was_not_asked_is_no_consent(b: OptInBench) -> None:
    """It is a plain answer."""
    assert b.confirm().outcome is OptInOutcome.NOT_ASKED
    assert b.ledger() == []


def test_yes_to_another_sim_is_no_confirmation(b: OptInBench) -> None:
    """That number has asked nothing."""
    b.ask()
    b.send(WEST)
    b.passes(minutes=5)
    assert b.confirm(EAST).outcome is OptInOutcome.NOT_ASKED
    assert b.list_state() is Marketing.PENDING


@pytest.mark.parametrize(
    "age", [timedelta(seconds=1), timedelta(days=40)], ids=["a second before", "a wrong clock's stamp"]
)
def test_yes_that_was_said_before_the_request_is_no_confirmation(b: OptInBench, age: timedelta) -> None:
    """It answered something else."""
    b.ask()
    b.send()
    left = b.now
    b.passes(minutes=5)
    assert b.confirm(stated_at=left - age).outcome is OptInOutcome.TOO_OLD
    assert b.list_state() is Marketing.PENDING


def test_yes_before_the_request_has_left_is_no_confirmation(b: OptInBench) -> None:
    """The request still waits."""
    b.ask()
    assert b.confirm().outcome is OptInOutcome.NOT_ASKED


def test_yes_answers_the_last_request(b: OptInBench) -> None:
    """The other one stays open, unless the person names the list."""
    b.opt_in = b.configured(title="Offers", frequency="weekly")
    b.ask("promo")
    b.send()
    b.passes(minutes=1)
    b.ask(None)
    b.send()
    b.passes(minutes=1)
    assert b.confirm().list_name is None
    assert b.list_state() is Marketing.PENDING
    assert b.confirm(list_name="promo").list_name == "promo"


def test_a_welcome_is_sent_only_if_it_may_be(b: OptInBench) -> None:
    """The limits on answers are the caller's."""
    b.ask()
    b.send()
    assert b.confirm(may_answer=False).message is None
    assert b.list_state() is Marketing.OPTED_IN


def test_a_stop_while_a_request_is_open_ends_it(b: OptInBench) -> None:
    """YES afterwards confirms nothing."""
    b.ask()
    b.send()
    b.passes(minutes=1)
    b.says(ALICE)
    b.passes(minutes=1)
    assert b.confirm().outcome is OptInOutcome.NOT_ASKED
    assert b.list_state() is Marketing.OPTED_OUT


# Expiry and reminder


def test_a_request_expires(b: OptInBench) -> None:
    """Then the contact is as if it had not been asked, and the ledger says so."""
    b.ask()
    b.send()
    assert find_next_due(b.db) == b.now + timedelta(days=30)
    b.passes(days=30, seconds=-1)
    assert b.opt_in.expire_due(b.db, b.now) == 0
    b.passes(seconds=1)
    assert b.opt_in.expire_due(b.db, b.now) == 1
    assert (b.list_state(), b.ledger()[-1], find_next_due(b.db)) == (Marketing.UNKNOWN, ("expire", "promo"), None)


def test_yes_a_year_later_confirms_nothing(b: OptInBench) -> None:
    """Although modemd did not run in between, and has not ended the request yet."""
    b.ask()
    b.send()
    b.passes(days=365)
    assert b.confirm().outcome is OptInOutcome.NOT_ASKED
    assert b.list_state() is Marketing.UNKNOWN
    assert b.opt_in.expire_due(b.db, b.now) == 0


def test_there_is_no_reminder_unless_it_is_configured(b: OptInBench) -> None:
    """One message is enough."""
    b.ask()
    b.send()
    b.passes(days=29)
    assert b.opt_in.remind_due(b.db, b.now) == []


def test_a_reminder_goes_out_once(b: OptInBench) -> None:
    """From the SIM that asked; YES to it counts."""
    b.opt_in = b.configured(reminder_after="7d")
    asked = b.ask()
    b.send()
    b.passes(days=7)
    (reminder,) = b.opt_in.remind_due(b.db, b.now)
    assert b.message(reminder.id)["pinned"] == WEST
    assert b.opt_in.remind_due(b.db, b.now) == []
    b.send()
    b.passes(minutes=1)
    assert b.confirm().outcome is OptInOutcome.SUBSCRIBED
    row = b.db.execute("SELECT messages FROM consent_event WHERE action = 'confirm'").fetchone()
    assert row["messages"] == f"[{asked.message.id}, {reminder.id}]"


def test_nobody_is_reminded_of_what_was_not_sent(b: OptInBench) -> None:
    """The person has never seen the request."""
    b.opt_in = b.configured(reminder_after="7d")
    b.ask()
    b.passes(days=8)
    assert b.opt_in.remind_due(b.db, b.now) == []
    assert b.opt_in.remind_due(b.db, b.now) == []


def test_a_reminder_waits_until_it_may_be_sent(b: OptInBench) -> None:
    """It is modemd that sends it, and the person does not wait for it."""
    morning = b.now + timedelta(days=7, hours=10)
    given = b.configured(reminder_after="7d")
    b.opt_in = DoubleOptIn(given.settings, given.sending, given.texts, lambda number, now: morning)
    b.ask()
    b.send()
    b.passes(days=7)
    (reminder,) = b.opt_in.remind_due(b.db, b.now)
    assert b.state(reminder.id) == "held"


# Join words


def test_a_join_word_subscribes_with_an_answer(b: OptInBench) -> None:
    """A list without double opt-in needs no more."""
    result = b.join("news")
    assert (result.outcome, b.list_state("news")) == (OptInOutcome.SUBSCRIBED, Marketing.OPTED_IN)
    assert result.message is not None
    assert "STOP" in b.message(result.message.id)["text"]
    assert b.join("news").outcome is OptInOutcome.NO_CHANGE


def test_a_join_word_of_a_list_with_double_opt_in_is_asked_back(b: OptInBench) -> None:
    """At once, by the SIM that received it; a second join word asks nothing more."""
    result = b.join("promo")
    assert (result.outcome, b.list_state()) == (OptInOutcome.REQUESTED, Marketing.PENDING)
    assert result.message is not None
    message = b.message(result.message.id)
    assert (message["state"], message["pinned"], message["class"]) == ("queued", WEST, MessageClass.SYSTEM)
    assert b.join("promo").outcome is OptInOutcome.NO_CHANGE


def test_a_join_word_ends_the_opt_out_of_its_list(b: OptInBench) -> None:
    """As START does: it is the person's own word. One that was said before the opt-out does not."""
    b.says(ALICE, list_name="promo")
    b.passes(minutes=1)
    assert b.join("promo", stated_at=b.now - timedelta(minutes=2)).outcome is OptInOutcome.TOO_OLD
    assert b.join("promo").outcome is OptInOutcome.SUBSCRIBED


def test_a_join_word_does_not_end_a_general_opt_out(b: OptInBench) -> None:
    """Only START does, and nothing is sent."""
    b.says(ALICE)
    b.passes(minutes=1)
    assert b.join("news") == OptInResult(OptInOutcome.OPTED_OUT, "news")
    assert statements.read_marketing(b.db, ALICE) is Marketing.OPTED_OUT


def test_a_join_word_whose_request_cannot_be_made_changes_nothing(b: OptInBench) -> None:
    """The configuration lacks what it must say; the message stays in the inbox for a person."""
    assert b.join("bare").outcome is OptInOutcome.NOT_POSSIBLE
    assert b.list_state("bare") is Marketing.UNKNOWN


def test_a_list_that_lost_its_double_opt_in_is_joined_at_once(b: OptInBench) -> None:
    """Also by somebody whom the old request still asks."""
    b.join("promo")
    consent = {"lists": {"promo": LISTS["promo"] | {"double_opt_in": False}}}
    settings = Settings.model_validate({"database": "/modemd.db", "brand": "Chez Paul", "consent": consent})
    b.opt_in = DoubleOptIn(settings, SendingRules())
    assert b.join("promo").outcome is OptInOutcome.SUBSCRIBED
    assert opt_in_requests.list_of(b.db, ALICE) == []
