"""One number: its thread, replies, and its erasure."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from modemd.errors import Refused
from modemd.service.contacts import contacts
from modemd.service.messages.submission import MessageRequest
from modemd.store.consent import statements
from modemd.store.consent.statements import ConsentStatement
from modemd.store.events import Authorship
from modemd.store.inbound import inbox
from modemd.store.inbound.inbound_part import Arrival
from tests.service.assembled import AssembledService, all_rows

ALICE, BOB, WEST = "+33612345678", "+33698765432", "8933010000000000010"
ANN = Authorship("ann", "asked for it")


async def arrives(assembled: AssembledService, sender: str, text: str = "hi") -> None:
    arrival = Arrival(WEST, f"{sender}{text}".encode(), sender, "text", text, assembled.clock.now())
    await assembled.store.write(
        lambda db: inbox.store_arrival(db, arrival, lambda tpdus: ("text", text), assembled.clock.now())
    )


async def test_a_number_is_found_as_it_is_dialled(assembled: AssembledService) -> None:
    """Both directions, in national form or in E.164."""
    await assembled.service.messages.submission.submit(MessageRequest(ALICE, "hello"))
    await arrives(assembled, ALICE)
    for number in (ALICE, "06 12 34 56 78"):
        found = await assembled.service.contacts.list_thread(number, since=None, before=None, limit=50)
        assert sorted(row.text for row in found.rows) == ["hello", "hi"]


async def test_a_reply_goes_out_by_the_sim_that_was_written_to(assembled: AssembledService) -> None:
    """It is conversational, and no other SIM may send it: the person knows that number."""
    await arrives(assembled, ALICE)
    answer = await assembled.service.contacts.reply(1, "yes", "k")
    assert (answer.message.recipient, answer.message.message_class, answer.message.text) == (
        ALICE, "conversational", "yes",
    )  # fmt: skip
    pinned = await assembled.store.read(lambda db: db.execute("SELECT pinned FROM message").fetchone()[0])
    assert pinned == WEST
    assert (await assembled.service.contacts.reply(1, "yes", "k")).is_repeat


@pytest.mark.parametrize(
    ("sender", "code"), [("", "bad_number"), ("MyBank", "bad_number"), ("112", "emergency_number")]
)
async def test_nobody_is_answered_who_cannot_be(assembled: AssembledService, sender: str, code: str) -> None:
    """A number that was withheld, a name, and an emergency number."""
    await arrives(assembled, sender)
    with pytest.raises(Refused) as refused:
        await assembled.service.contacts.reply(1, "yes")
    assert refused.value.code == code


async def test_a_short_code_is_answered(assembled: AssembledService) -> None:
    """Who wrote from a short code may be written to."""
    await arrives(assembled, "36105")
    assert (await assembled.service.contacts.reply(1, "yes")).message.recipient == "36105"


async def test_what_is_not_there_is_not_answered(assembled: AssembledService) -> None:
    """An id of no inbound message is told."""
    with pytest.raises(Refused, match="there is no inbound message 9"):
        await assembled.service.contacts.reply(9, "yes")


async def test_an_erasure_says_what_it_kept(assembled: AssembledService) -> None:
    """Its opt-out, what waits, and copies; without a reason it is refused."""
    await assembled.stop_word(ALICE)
    await arrives(assembled, ALICE)
    await assembled.service.messages.submission.submit(MessageRequest(ALICE, "hello"))
    with pytest.raises(Refused, match="say who decides"):
        await assembled.service.contacts.erase(ALICE, Authorship("ann", " "))
    found = await assembled.service.contacts.erase("0612345678", ANN)
    assert (found.number, found.messages, found.inbox) == (ALICE, 0, 1)
    assert [each.what for each in found.kept] == ["consent", "waiting", "copies"]
    assert found.kept[0].because.startswith("its opt-out")
    opted_out = await all_rows(await assembled.service.consent.records.list_opt_outs(after=None, limit=0))
    assert [row.number for row in opted_out] == [ALICE]


async def test_an_opt_out_that_was_undone_is_forgotten(assembled: AssembledService) -> None:
    """It binds nobody, so nothing of it is kept but rows without content."""
    read = ConsentStatement(ALICE, opts_in=False, keyword="stop", language="en", channel=statements.READING)
    await assembled.store.write_consent(lambda db: statements.apply_statement(db, read, assembled.clock.now()))
    await assembled.store.write(lambda db: statements.undo_reading(db, ALICE, ANN, assembled.clock.now()))
    found = await assembled.service.contacts.erase(ALICE, ANN)
    assert [each.what for each in found.kept] == ["copies"]


def found_in_files(database: Path, *needles: str) -> set[str]:
    """The names of the files in which an octet sequence of one of the texts stands."""
    files = [file for file in database.parent.glob(f"{database.name}*") if not file.name.endswith("-shm")]
    return {file.name for file in files if any(needle.encode() in file.read_bytes() for needle in needles)}


async def exchange(assembled: AssembledService, number: str, text: str) -> None:
    """A message from a number, and one to it that has ended."""
    await arrives(assembled, number, text)
    await assembled.service.messages.submission.submit(MessageRequest(number, text))
    await assembled.store.write(lambda db: db.execute("UPDATE message SET closed_at = created_at, state = 'sent'"))


async def test_nothing_erased_is_left_in_the_files(assembled: AssembledService) -> None:
    """Neither number nor text, long or short, in the database or its log; those of another number stay."""
    database = assembled.settings.database
    for round in range(40):
        await exchange(assembled, ALICE, f"for Alice {round}")
        await exchange(assembled, BOB, f"for Bob {round}")
    await exchange(assembled, ALICE, "for Alice " * 60)
    assert f"{database.name}-wal" in found_in_files(database, "for Alice", ALICE[3:])
    result = await assembled.service.contacts.erase(ALICE, ANN)
    assert (result.messages, result.inbox, [each.what for each in result.kept]) == (41, 41, ["copies"])
    assert found_in_files(database, "for Alice", ALICE[3:]) == set()
    assert found_in_files(database, "for Bob") == {database.name}


async def test_a_log_that_another_program_reads_is_told(
    assembled: AssembledService, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its rows stay in the log until the reader ends; erased again afterwards, they are gone."""
    monkeypatch.setattr(contacts, "PAUSE_S", 0.0)
    monkeypatch.setattr(contacts, "LOG_PAUSE_S", 0.0)
    database = assembled.settings.database
    await exchange(assembled, ALICE, "for Alice")
    reader = sqlite3.connect(database, isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM message").fetchone()
    result = await assembled.service.contacts.erase(ALICE, ANN)
    assert [each.what for each in result.kept] == ["copies", "copies"]
    assert result.kept[0].because.startswith("the log beside the database (-wal)")
    assert found_in_files(database, ALICE[3:]) != set()
    reader.close()
    again = await assembled.service.contacts.erase(ALICE, ANN)
    assert [each.what for each in again.kept] == ["copies"]
    assert found_in_files(database, ALICE[3:], "for Alice") == set()
